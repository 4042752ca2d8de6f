// The pages work without this script. It groups digits while they are typed,
// fills in a test card, and keeps a form from being sent twice.
'use strict';
(() => {
  const at = (id) => document.getElementById(id);
  const digits = (s) => s.replace(/\D/g, '');

  // Text is only reshaped at its end, so that a correction keeps its place.
  const shape = (input, how) => {
    input.addEventListener('input', (e) => {
      const typing = !String(e.inputType).startsWith('delete');
      if (typing && input.selectionStart === input.value.length) input.value = how(input.value);
      input.removeAttribute('aria-invalid');
      at(input.id + '-error').textContent = '';
    });
  };

  if (at('card-form')) {
    shape(at('pan'), (s) => digits(s).slice(0, 19).replace(/(\d{4})(?=\d)/g, '$1 '));
    shape(at('exp'), (s) => digits(s).slice(0, 4).replace(/^([2-9])$/, '0$1').replace(/^(\d\d)(\d+)$/, '$1 $2'));
    shape(at('secret'), digits);
    shape(at('holder'), (s) => s);
    for (const button of document.querySelectorAll('.use')) {
      button.hidden = false;
      button.addEventListener('click', () => {
        at('pan').value = button.dataset.pan;
        at('exp').value = button.dataset.exp;
        at('secret').value = '123';
        at('holder').value ||= 'IVAN PETROV';
        for (const input of document.querySelectorAll('[aria-invalid]')) {
          input.removeAttribute('aria-invalid');
          at(input.id + '-error').textContent = '';
        }
        at('form-title').scrollIntoView({block: 'start'});
        at('pay').focus({preventScroll: true});
      });
    }
  }
  if (at('password')) shape(at('password'), (s) => s);

  for (const form of document.querySelectorAll('form[data-busy]')) {
    const button = form.querySelector('.go'), text = button.textContent;
    let sent = false;
    form.addEventListener('submit', (e) => {
      if (sent) {
        e.preventDefault();
        return;
      }
      sent = true;
      if (e.submitter && e.submitter !== button) return;
      button.setAttribute('aria-busy', 'true');
      button.textContent = form.dataset.busy;
    });
    addEventListener('pageshow', () => { // also when the browser goes back here
      sent = false;
      button.removeAttribute('aria-busy');
      button.textContent = text;
    });
  }
})();
