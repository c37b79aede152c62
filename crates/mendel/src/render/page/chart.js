'use strict';

/** Round numbers between two ends, at most so many. */
function ticks(low, high, most) {
  const spread = high - low;
  if (!(spread > 0) || !Number.isFinite(spread)) return [low];
  const rough = spread / most;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * size).find((candidate) => candidate >= rough);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) {
    found.push(Math.abs(value) < step * 1e-9 ? 0 : value);
  }
  return found;
}

/** A chart of one metric: a line for each run, a legend that hides lines, values under the pointer. */
class Chart {
  constructor(name, lines) {
    this.name = name;
    this.lines = lines;
    this.hidden = new Set();
    this.log = false;
    this.pointer = null;
    this.canvas = element('canvas', { role: 'img', 'aria-label': `Chart of ${name}` });
    this.tip = element('div', { class: 'tip', hidden: '' });
    this.logButton = element('button', { 'aria-pressed': 'false', title: 'Logarithmic values', onclick: () => this.toggleLog() }, 'log');
    this.node = element('figure', { class: 'card' },
      element('figcaption', {}, element('span', { title: name }, name), this.logButton),
      this.canvas, this.tip, this.legend());
    this.canvas.addEventListener('pointermove', (event) => { this.pointer = event.offsetX; this.draw(); });
    this.canvas.addEventListener('pointerleave', () => { this.pointer = null; this.draw(); });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  legend() {
    const items = this.lines.map((line) => element('button', {
      'aria-pressed': 'true',
      onclick: (event) => {
        const shows = this.hidden.delete(line.run) || !this.hidden.add(line.run);
        event.currentTarget.setAttribute('aria-pressed', String(shows));
        this.draw();
      },
    }, dot(line.run), line.label));
    return element('div', { class: 'legend' }, items);
  }

  toggleLog() {
    this.log = !this.log;
    this.logButton.setAttribute('aria-pressed', String(this.log));
    this.draw();
  }

  visible() { return this.lines.filter((line) => !this.hidden.has(line.run)); }

  usable(value) { return value !== null && Number.isFinite(value) && (!this.log || value > 0); }

  edges() {
    let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const line of this.visible()) {
      line.values.forEach((value, index) => {
        if (!this.usable(value)) return;
        const height = this.log ? Math.log10(value) : value;
        left = Math.min(left, line.steps[index]);
        right = Math.max(right, line.steps[index]);
        low = Math.min(low, height);
        high = Math.max(high, height);
      });
    }
    if (left > right) return null;
    if (low === high) { low -= Math.abs(low) * 0.05 || 1; high += Math.abs(high) * 0.05 || 1; }
    if (left === right) { left -= 1; right += 1; }
    return { left, right, low, high };
  }

  draw() {
    const ratio = window.devicePixelRatio || 1;
    const wide = this.canvas.clientWidth;
    const tall = this.canvas.clientHeight;
    if (wide === 0) return;
    this.canvas.width = wide * ratio;
    this.canvas.height = tall * ratio;
    const pen = this.canvas.getContext('2d');
    pen.scale(ratio, ratio);
    pen.font = '11px system-ui, sans-serif';
    const edges = this.edges();
    const style = getComputedStyle(document.documentElement);
    const quiet = style.getPropertyValue('--quiet').trim();
    if (!edges) {
      pen.fillStyle = quiet;
      pen.fillText('no points', 8, 20);
      this.tip.hidden = true;
      return;
    }
    const heights = ticks(edges.low, edges.high, 5);
    const names = heights.map((height) => short(this.log ? 10 ** height : height));
    const margin = Math.max(...names.map((name) => pen.measureText(name).width)) + 10;
    const box = { left: margin, right: wide - 8, top: 6, bottom: tall - 20 };
    const x = (step) => box.left + (step - edges.left) / (edges.right - edges.left) * (box.right - box.left);
    const y = (height) => box.bottom - (height - edges.low) / (edges.high - edges.low) * (box.bottom - box.top);
    this.grid(pen, { box, x, y, heights, names, edges, quiet, line: style.getPropertyValue('--line').trim() });
    pen.lineWidth = 1.6;
    pen.lineJoin = 'round';
    for (const line of this.visible()) this.trace(pen, line, x, y);
    this.point(pen, { box, x, y, edges, quiet });
  }

  grid(pen, { box, x, y, heights, names, edges, quiet, line }) {
    pen.strokeStyle = line;
    pen.fillStyle = quiet;
    pen.lineWidth = 1;
    pen.textAlign = 'right';
    heights.forEach((height, index) => {
      pen.beginPath();
      pen.moveTo(box.left, Math.round(y(height)) + 0.5);
      pen.lineTo(box.right, Math.round(y(height)) + 0.5);
      pen.stroke();
      pen.fillText(names[index], box.left - 6, y(height) + 4);
    });
    pen.textAlign = 'center';
    const steps = ticks(edges.left, edges.right, Math.max(2, Math.floor((box.right - box.left) / 70)));
    for (const step of steps) pen.fillText(short(step), x(step), box.bottom + 15);
  }

  trace(pen, line, x, y) {
    pen.strokeStyle = colourOf(line.run);
    pen.fillStyle = pen.strokeStyle;
    pen.beginPath();
    let open = false;
    let drawn = 0;
    line.values.forEach((value, index) => {
      if (!this.usable(value)) { open = false; return; }
      const height = this.log ? Math.log10(value) : value;
      if (open) pen.lineTo(x(line.steps[index]), y(height));
      else pen.moveTo(x(line.steps[index]), y(height));
      open = true;
      drawn += 1;
    });
    pen.stroke();
    if (drawn > 1) return;
    line.values.forEach((value, index) => {
      if (!this.usable(value)) return;
      pen.beginPath();
      pen.arc(x(line.steps[index]), y(this.log ? Math.log10(value) : value), 3, 0, Math.PI * 2);
      pen.fill();
    });
  }

  /** The values nearest to the pointer. */
  point(pen, { box, x, y, edges, quiet }) {
    this.tip.hidden = this.pointer === null;
    if (this.pointer === null) return;
    const share = Math.min(1, Math.max(0, (this.pointer - box.left) / (box.right - box.left)));
    const step = edges.left + share * (edges.right - edges.left);
    pen.strokeStyle = quiet;
    pen.setLineDash([3, 3]);
    pen.beginPath();
    pen.moveTo(x(step), box.top);
    pen.lineTo(x(step), box.bottom);
    pen.stroke();
    pen.setLineDash([]);
    const rows = [];
    for (const line of this.visible()) {
      const index = nearest(line.steps, step);
      if (index < 0) continue;
      const value = line.values[index];
      rows.push(element('div', {}, dot(line.run), `${line.label}  `, element('b', {}, value === null ? 'NaN' : short(value)), ` at ${short(line.steps[index])}`));
      if (!this.usable(value)) continue;
      pen.fillStyle = colourOf(line.run);
      pen.beginPath();
      pen.arc(x(line.steps[index]), y(this.log ? Math.log10(value) : value), 3.5, 0, Math.PI * 2);
      pen.fill();
    }
    this.tip.replaceChildren(...rows.slice(0, 14));
    const left = this.canvas.offsetLeft + Math.min(this.pointer + 14, Math.max(0, this.canvas.clientWidth - this.tip.offsetWidth - 4));
    this.tip.style.left = `${left}px`;
    this.tip.style.top = `${this.canvas.offsetTop + 10}px`;
  }
}

/** The index of the step nearest to the one wanted; steps are sorted. */
function nearest(steps, wanted) {
  let [low, high] = [0, steps.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  if (low > 0 && Math.abs(steps[low - 1] - wanted) <= Math.abs(steps[low] - wanted)) return low - 1;
  return steps.length === 0 ? -1 : low;
}

/** A dot in the colour of a run. */
function dot(run) {
  const made = element('span', { class: 'dot' });
  made.style.background = colourOf(run);
  return made;
}
