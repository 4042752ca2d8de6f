// The page works without this script. It counts down on the result page.
'use strict';
(() => {
  const countdown = document.getElementById('countdown');
  if (countdown) {
    let left = Number(countdown.dataset.seconds);
    const tick = () => {
      countdown.firstElementChild.textContent = countdown.dataset.text.replace('%d', left);
      if (left-- > 0) setTimeout(tick, 1000);
    };
    tick();
  }
})();
