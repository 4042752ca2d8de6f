// The page works without this script. It groups digits, points at mistakes
// before the form is sent, sends it once, and counts down on the result page.
'use strict';
(() => {
  const field = (id) => document.getElementById(id);
  const onlyDigits = (s) => s.replace(/\D/g, '');

  const say = (input, text) => {
    input.closest('.field').classList.toggle('wrong', text !== '');
    input.setAttribute('aria-invalid', String(text !== ''));
    field(input.id + '-error').textContent = text;
  };

  const number = field('card-number');
  if (number) {
    const expiry = field('card-expiry'), code = field('card-cvc'), holder = field('card-holder');
    const group = (s) => onlyDigits(s).slice(0, 19).replace(/(\d{4})(?=\d)/g, '$1 ');
    // Only at the end of the text, so that a correction in the middle keeps its place.
    const shape = (input, how) => input.addEventListener('input', (e) => {
      if (input.selectionStart === input.value.length && !String(e.inputType).startsWith('delete')) input.value = how(input.value);
      say(input, '');
    });
    shape(number, group);
    // Whoever types the stroke too, after it came by itself, gets one.
    shape(expiry, (s) => s.includes('/') ? s.replace(/\/+/g, '/') : onlyDigits(s).replace(/^([2-9])$/, '0$1').replace(/^(\d\d)(\d*)$/, '$1/$2'));
    shape(code, onlyDigits);
    shape(holder, (s) => s);

    const checks = [
      [number, () => onlyDigits(number.value).length >= 15],
      [expiry, () => {
        const m = /^(\d{1,2}) ?\/? ?(?:20)?(\d\d)$/.exec(expiry.value.trim());
        return m !== null && m[1] >= 1 && m[1] <= 12;
      }],
      [code, () => /^(\d{3})?$/.test(code.value)], // some cards need none
      [holder, () => (holder.value.match(/[a-z]/gi) || []).length >= 3],
    ];
    field('payForm').addEventListener('submit', (e) => {
      const wrong = checks.filter(([input, right]) => {
        const ok = right();
        say(input, ok ? '' : input.dataset.error);
        return !ok;
      });
      if (wrong.length > 0) {
        e.preventDefault();
        wrong[0][0].focus();
      }
    });

    document.querySelectorAll('.use').forEach((b) => {
      b.hidden = false;
      b.addEventListener('click', () => {
        number.value = group(b.dataset.card);
        expiry.value = b.dataset.date;
        code.value = b.dataset.cvc;
        holder.value = holder.value || 'IVAN PETROV';
        checks.forEach(([input]) => say(input, ''));
        number.scrollIntoView({block: 'center'});
        field('pay').focus();
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

  const countdown = field('countdown');
  if (countdown) {
    let left = Number(countdown.dataset.seconds);
    const tick = () => {
      countdown.firstElementChild.textContent = countdown.dataset.text.replace('%d', left);
      if (left-- > 0) setTimeout(tick, 1000);
    };
    tick();
  }
})();
