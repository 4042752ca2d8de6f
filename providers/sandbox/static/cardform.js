// Helps to fill in a card form, which works without it. What it does is said by
// the page's own attributes, so that each vendor's page can look its own way:
//
//   input[autocomplete=cc-number|cc-exp|cc-csc]  is shaped while it is typed;
//       data-between of cc-exp stands between month and year, "/" without it
//   input[data-error]    is checked before its form is sent, by its own required
//       and pattern; the text is what #ID-error then says
//   #ID-error            a complaint about input #ID; typing takes it away, and
//       the class "wrong" of the .field around the input with it
//   button.use[data-card][data-date][data-cvc][data-holder]  fills a card in (the
//       holder only where there is none yet), and leaves the focus on #pay
//   form[data-busy]      is sent once; its first button, or the .label in it,
//       says so meanwhile
'use strict';
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const field = (kind) => document.querySelector(`input[autocomplete=${kind}]`);
  const complaint = (input) => document.getElementById(input.id + '-error');
  const complain = (input, text) => {
    if (!complaint(input)) return;
    complaint(input).textContent = text;
    input.closest('.field').classList.toggle('wrong', text !== '');
    if (text) input.setAttribute('aria-invalid', 'true'); else input.removeAttribute('aria-invalid');
  };

  const digits = (s) => s.replace(/\D/g, '');
  const fours = (s) => digits(s).slice(0, 19).replace(/(\d{4})(?=\d)/g, '$1 ');
  // Whoever types the stroke too, after it came by itself, gets one.
  const date = (s, between) => s.includes(between) ? s.replaceAll(between + between, between)
    : digits(s).replace(/^([2-9])$/, '0$1').replace(/^(\d\d)(\d*)$/, `$1${between}$2`);
  const shapes = {'cc-number': fours, 'cc-exp': (s, input) => date(s, input.dataset.between || '/'), 'cc-csc': digits};

  for (const input of all('input')) {
    const shape = shapes[input.getAttribute('autocomplete')];
    input.addEventListener('input', (e) => {
      // Only at the end of the text, so that a correction in the middle keeps its place.
      const adds = input.selectionStart === input.value.length && !String(e.inputType).startsWith('delete');
      if (shape && adds) input.value = shape(input.value, input);
      complain(input, '');
    });
  }

  for (const form of all('form')) {
    form.addEventListener('submit', (e) => {
      const checked = [...form.querySelectorAll('input[data-error]')], wrong = checked.filter((input) => !input.validity.valid);
      for (const input of checked) complain(input, wrong.includes(input) ? input.dataset.error : '');
      if (wrong.length > 0) {
        e.preventDefault();
        wrong[0].focus();
      }
    });
  }

  for (const use of all('button.use')) {
    use.hidden = false;
    use.addEventListener('click', () => {
      const {card, date, cvc, holder} = use.dataset, name = field('cc-name');
      field('cc-number').value = fours(card);
      field('cc-exp').value = date;
      field('cc-csc').value = cvc;
      name.value ||= holder;
      all('input').forEach((input) => complain(input, ''));
      field('cc-number').scrollIntoView({block: 'center'});
      document.getElementById('pay').focus();
    });
  }

  for (const form of all('form[data-busy]')) {
    const button = form.querySelector('button'), label = button.querySelector('.label') || button, text = label.textContent;
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
  }
})();
