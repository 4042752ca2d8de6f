// The pages work without this script. It speaks to the shop's page that holds
// the frame, helps to type a card and sends a form once.
'use strict';
(() => {
  const byId = (id) => document.getElementById(id);
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

  const cross = byId('close');
  if (cross && framed) {
    cross.hidden = false;
    cross.addEventListener('click', (e) => { if (tell('close')) e.preventDefault(); });
  }

  // The client goes wherever a message with "http" in it says.
  document.querySelectorAll('[data-leave]').forEach((link) => {
    link.addEventListener('click', (e) => { if (tell(link.href)) e.preventDefault(); });
    if ('now' in link.dataset && !tell(link.href)) location.replace(link.href);
  });

  const number = byId('card-number');
  if (number) {
    const expiry = byId('card-expiry'), cvc = byId('card-cvc'), holder = byId('card-holder');
    const digits = (s) => s.replace(/\D/g, '');
    const fours = (s) => digits(s).slice(0, 19).replace(/(\d{4})(?=\d)/g, '$1 ');
    const blame = (input, text) => {
      input.closest('.field').classList.toggle('wrong', text !== '');
      input.setAttribute('aria-invalid', String(text !== ''));
      byId(input.id + '-error').textContent = text;
    };
    const typed = (input, shape) => input.addEventListener('input', (e) => {
      const atEnd = input.selectionStart === input.value.length;
      if (shape && atEnd && !String(e.inputType).startsWith('delete')) input.value = shape(input.value);
      blame(input, '');
    });
    typed(number, fours);
    typed(expiry, (s) => s.includes('/') ? s.replace(/\/+/g, '/') : digits(s).replace(/^([2-9])$/, '0$1').replace(/^(\d\d)(\d*)$/, '$1/$2'));
    typed(cvc, digits);
    typed(holder, null);

    const fits = new Map([
      [number, () => digits(number.value).length >= 15],
      [expiry, () => /^(0?[1-9]|1[0-2]) ?\/? ?(?:20)?\d\d$/.test(expiry.value.trim())],
      [cvc, () => /^\d{3}$/.test(cvc.value)],
      [holder, () => /^[a-z][a-z .'-]{2,}$/i.test(holder.value.trim())],
    ]);
    byId('card-form').addEventListener('submit', (e) => {
      const wrong = [...fits].filter(([, fit]) => !fit()).map(([input]) => input);
      fits.forEach((_, input) => blame(input, wrong.includes(input) ? input.dataset.error : ''));
      if (wrong.length > 0) {
        e.preventDefault();
        wrong[0].focus();
      }
    });
    document.querySelectorAll('.use').forEach((button) => {
      button.hidden = false;
      button.addEventListener('click', () => {
        number.value = fours(button.dataset.card);
        expiry.value = button.dataset.date;
        cvc.value = button.dataset.cvc;
        holder.value = holder.value || 'AIGERIM SANDBOX';
        fits.forEach((_, input) => blame(input, ''));
        byId('pay').focus();
      });
    });
  }

  document.querySelectorAll('form[data-busy]').forEach((form) => {
    const button = form.querySelector('.primary'), label = button.querySelector('.label'), text = label.textContent;
    let sent = false;
    form.addEventListener('submit', (e) => {
      if (e.defaultPrevented) return;
      if (sent) { e.preventDefault(); return; }
      sent = true;
      if (e.submitter && e.submitter !== button) return;
      button.setAttribute('aria-busy', 'true');
      label.textContent = form.dataset.busy;
    });
    addEventListener('pageshow', () => { // also when the browser goes back here
      sent = false;
      button.removeAttribute('aria-busy');
      label.textContent = text;
    });
  });
})();
