// The pages work without this script. It speaks to the shop's page that holds
// the frame.
'use strict';
(() => {
  const framed = window.parent !== window;

  // Only pages that the policy's frame-ancestors name can hold this frame, so
  // the nearest ancestor is a trusted one. A browser that does not tell it gets
  // the list, and delivers to the one that is there.
  const parents = () => {
    const above = location.ancestorOrigins;
    return above && above.length > 0 ? [above[0]] : document.body.dataset.parents.split(' ').filter(Boolean);
  };
  const tell = (what) => {
    const all = framed ? parents() : [];
    all.forEach((origin) => window.parent.postMessage(what, origin));
    return all.length > 0;
  };

  const cross = document.getElementById('close');
  if (cross && framed) {
    cross.hidden = false;
    cross.addEventListener('click', (e) => { if (tell('close')) e.preventDefault(); });
  }

  // The client goes wherever a message with "http" in it says.
  document.querySelectorAll('[data-leave]').forEach((link) => {
    link.addEventListener('click', (e) => { if (tell(link.href)) e.preventDefault(); });
    if ('now' in link.dataset && !tell(link.href)) location.replace(link.href);
  });
})();
