'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const page = document.getElementById('page');
const runs = data.runs || [];
const charts = [];

/** A table that sorts by a click on a head. Cells are `{value, text, class, node}`, where `node` makes what a text cannot say. */
function sortable(heads, rows) {
  let by = null;
  let down = false;
  const body = element('tbody');
  const fill = () => {
    const order = [...rows];
    if (by !== null) order.sort((one, other) => compare(one[by].value, other[by].value) * (down ? -1 : 1));
    body.replaceChildren(...order.map((row) => element('tr', {}, row.map((cell) =>
      element('td', { class: cell.class || '' }, cell.node ? cell.node() : cell.text)))));
  };
  const buttons = heads.map((head, index) => element('th', { class: head.number ? 'number' : '', scope: 'col' },
    element('button', { onclick: () => { down = by === index ? !down : Boolean(head.down); by = index; fill(); mark(); } }, head.name)));
  const mark = () => buttons.forEach((cell, index) =>
    cell.setAttribute('aria-sort', index !== by ? 'none' : down ? 'descending' : 'ascending'));
  fill();
  return element('div', { class: 'card' }, element('div', { class: 'scroll' },
    element('table', {}, element('thead', {}, element('tr', {}, buttons)), body)));
}

/** Numbers by size, then texts; what is missing or NaN comes last. */
function compare(one, other) {
  const rank = (value) => (value === null || value === undefined || Number.isNaN(value) ? 2 : typeof value === 'number' ? 0 : 1);
  if (rank(one) !== rank(other)) return rank(one) - rank(other);
  if (rank(one) === 2) return 0;
  return typeof one === 'number' ? one - other : String(one).localeCompare(String(other), undefined, { numeric: true });
}

function head() {
  const theme = element('button', {
    onclick: () => {
      const root = document.documentElement;
      const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
      root.dataset.theme = dark ? 'light' : 'dark';
      charts.forEach((chart) => chart.draw());
    },
  }, 'Light / dark');
  return element('header', {}, element('h1', {}, data.title), element('span', { class: 'quiet' }, data.subtitle), element('span', { class: 'space' }), theme);
}

function nameCell(index) {
  const run = runs[index];
  return {
    value: run.number,
    node: () => element('span', {}, dot(index), element('b', {}, `@${run.number}`), ` ${run.name}`),
  };
}

function overview(all) {
  const params = all ? data.all_params : Object.keys(data.params);
  const metrics = Object.keys(data.metrics);
  const heads = [{ name: 'run' }, { name: 'status' }, { name: 'took', number: true }];
  heads.push(...params.map((name) => ({ name, number: false })));
  for (const name of metrics) heads.push({ name, number: true, down: (data.best[name] || {}).direction === 'max' });
  const rows = runs.map((run, index) => {
    const row = [nameCell(index)];
    row.push({ value: run.status, node: () => element('span', { class: 'status', 'data-status': run.status }, run.status) });
    row.push({ value: run.duration, text: run.took, class: 'number' });
    for (const name of params) {
      const value = run.params[name];
      row.push({ value: numberOf(value) ?? shown(value), text: shown(value), class: data.params[name] ? 'wide' : 'wide same' });
    }
    for (const name of metrics) {
      const found = data.metrics[name][index];
      const best = data.best[name] && data.best[name].run === run.id;
      row.push({ value: found ? numberOf(found.last) : null, text: found ? shown(numberOf(found.last)) : '', class: best ? 'number best' : 'number' });
    }
    return row;
  });
  return sortable(heads, rows);
}

function overviewSection() {
  const place = element('div', {}, overview(false));
  const toggle = element('button', {
    'aria-pressed': 'false',
    onclick: (event) => {
      const all = event.currentTarget.getAttribute('aria-pressed') !== 'true';
      event.currentTarget.setAttribute('aria-pressed', String(all));
      place.replaceChildren(overview(all));
    },
  }, 'All parameters');
  const same = data.all_params.length - Object.keys(data.params).length;
  const note = same > 0 && runs.length > 1 ? `${same} of ${data.all_params.length} parameters are equal` : '';
  return [element('div', { class: 'tools' }, same > 0 ? toggle : null, element('span', { class: 'quiet' }, note)), place];
}

function metricSection() {
  const names = Object.keys(data.metrics);
  if (names.length === 0) return [];
  const heads = [{ name: 'metric' }, { name: 'run' }, ...['last', 'min', 'max', 'points'].map((name) => ({ name, number: true }))];
  const rows = names.flatMap((name) => data.metrics[name].map((found, index) => {
    if (!found) return null;
    const cell = (value, best) => ({ value: numberOf(value), text: shown(numberOf(value)), class: best ? 'number best' : 'number' });
    const best = data.best[name] && data.best[name].run === runs[index].id;
    return [{ value: name, text: name }, nameCell(index), cell(found.last, best), cell(found.min), cell(found.max), cell(found.count)];
  }).filter((row) => row !== null));
  return [element('h2', {}, 'Metrics'), sortable(heads, rows)];
}

function chartSection() {
  const names = Object.keys(data.series);
  if (names.length === 0) return [];
  const grid = element('div', { class: 'charts' });
  for (const name of names) {
    const lines = data.series[name].map((line) => ({
      run: line.run, steps: line.steps, values: line.values.map(numberOf), label: `@${runs[line.run].number} ${runs[line.run].name}`,
    }));
    const chart = new Chart(name, lines);
    charts.push(chart);
    grid.append(chart.node);
  }
  const search = element('input', {
    type: 'search', placeholder: 'Find a chart', 'aria-label': 'Find a chart',
    oninput: (event) => charts.forEach((chart) => {
      chart.node.hidden = !chart.name.toLowerCase().includes(event.target.value.toLowerCase());
    }),
  });
  return [element('h2', {}, 'Curves'), names.length > 3 ? element('div', { class: 'tools' }, search) : null, grid];
}

function differenceSection(title, rows, cut) {
  const names = Object.keys(rows || {});
  if (names.length === 0 || runs.length < 2) return [];
  const text = (value) => (value === null ? 'absent' : cut ? shown(value).slice(0, 8) : shown(value));
  const heads = [{ name: title.toLowerCase() }, ...runs.map((run) => ({ name: `@${run.number}` }))];
  const body = names.map((name) => [{ value: name, text: name, class: 'wide' }, ...rows[name].map((value) => ({ value: shown(value), text: text(value) }))]);
  return [element('h2', {}, `${title} that differ`), sortable(heads, body)];
}

function detailSection() {
  const list = (run) => Object.entries(run.facts).filter(([, value]) => shown(value) !== '').flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, shown(value))]);
  const blocks = runs.map((run, index) => element('details', runs.length === 1 ? { open: '' } : {},
    element('summary', {}, nameCell(index).node(), ' ', element('span', { class: 'quiet' }, run.id)),
    element('dl', {}, list(run))));
  return [element('h2', {}, 'Details'), element('div', { class: 'card' }, blocks)];
}

function logSection() {
  return runs.filter((run) => run.log).flatMap((run) => [element('h2', {}, `Console of @${run.number}`), element('div', { class: 'card' }, element('pre', {}, run.log))]);
}

page.append(...[
  head(), overviewSection(), chartSection(), metricSection(),
  differenceSection('Packages', data.environment, false), differenceSection('Inputs', data.inputs, true),
  detailSection(), logSection(),
].flat().filter((node) => node !== null));
