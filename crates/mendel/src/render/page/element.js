'use strict';

/** Makes an element with text or elements inside. Text never becomes markup. */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === 'class') made.className = value;
    else if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) {
      made.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
  }
  return made;
}

/** The number a value spells; NaN and infinities arrive as texts. */
function numberOf(value) {
  if (typeof value === 'number') return value;
  if (value === 'NaN') return NaN;
  if (value === 'Infinity') return Infinity;
  if (value === '-Infinity') return -Infinity;
  return null;
}

/** A value as people read it. */
function shown(value) {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return short(value);
  if (typeof value === 'string') return value;
  return JSON.stringify(value);
}

/** A number in at most five digits. */
function short(number) {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? 'NaN' : number > 0 ? '∞' : '-∞';
  if (number === 0) return '0';
  const size = Math.abs(number);
  if (Number.isInteger(number) && size < 1e9) return String(number);
  if (size < 1e-4 || size >= 1e7) return number.toExponential(3).replace(/\.?0+e/, 'e').replace('e+', 'e');
  return String(Number(number.toPrecision(5)));
}

/** The colour of the line with that number, told apart in light and dark. */
function colourOf(index) {
  const colours = ['#3b82c4', '#e07b39', '#3a9d5d', '#c4476b', '#8767c9', '#a08a1f', '#2a9d9d', '#b0653a'];
  if (index < colours.length) return colours[index];
  return `hsl(${Math.round((index * 137.508) % 360)} 55% 52%)`;
}
