// Draws the figures once they come near the window, in the colours of the reader's theme, and anew for print.
(() => {
  'use strict';
  const specs = JSON.parse(document.getElementById('figures').textContent);
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  // Okabe and Ito's colours, which colour-blind readers can tell apart, moved until each contrasts with its paper.
  const TONES = {
    light: ['#0072b2', '#c2570c', '#00835f', '#a3427f', '#1a1a1a', '#8f6d00', '#3a8fc4', '#7a4b9c', '#6b6b6b', '#b3261e'],
    dark: ['#56b4e9', '#f08a3c', '#2fc49b', '#e28cc0', '#e6e6e6', '#e0c02f', '#9ad0f5', '#b99ae0', '#a5a5a5', '#ff8a80'],
  };
  const DASHES = ['solid', 'dash', 'dot', 'dashdot', 'longdash'];
  const drawn = new Set();
  let printing = false;

  const theme = () => (dark.matches && !printing ? 'dark' : 'light');

  function colours() {
    const own = printing ? {paper: '#fff', ink: '#000', soft: '#444', line: '#ccc'} : {};
    const style = getComputedStyle(document.documentElement);
    const read = name => own[name] || style.getPropertyValue('--' + name).trim();
    return {paper: read('paper'), ink: read('ink'), soft: read('soft'), line: read('line')};
  }

  function translucent(hex, share) {
    const parts = [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16));
    return `rgba(${parts.join(',')},${share})`;
  }

  function painted(trace, palette) {
    const {tone, edge, ink, ...own} = trace;
    const colour = ink ? palette.ink : TONES[theme()][tone % 10];
    own.line = {...own.line, color: edge ? 'rgba(0,0,0,0)' : colour};
    if (!edge && !ink && own.type === 'scatter' && own.x.length > 2) own.line.dash = DASHES[tone % DASHES.length];
    own.marker = {...own.marker, color: colour};
    if (own.fill) own.fillcolor = translucent(colour, theme() === 'dark' ? 0.16 : 0.11);
    return own;
  }

  function layoutOf(spec, palette, width) {
    const narrow = width < 480;
    const axis = title => ({
      title: {text: title, standoff: 8, font: {size: 13}}, gridcolor: palette.line, linecolor: palette.line,
      zeroline: false, automargin: true, ticks: 'outside', tickcolor: palette.line, nticks: narrow ? 5 : 8,
    });
    const own = spec.layout;
    return {
      ...own,
      xaxis: {...axis(spec.x), ...own.xaxis},
      yaxis: {...axis(spec.y), ...own.yaxis},
      height: spec.height,
      margin: {l: 8, r: 10, t: 8, b: 8, pad: 2},
      paper_bgcolor: palette.paper, plot_bgcolor: palette.paper,
      font: {family: 'system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif', size: 13, color: palette.ink},
      legend: {orientation: 'h', x: 0, xanchor: 'left', y: 1.02, yanchor: 'bottom', font: {size: 13}},
      hovermode: 'closest', dragmode: narrow ? false : 'zoom',
      hoverlabel: {bgcolor: palette.paper, bordercolor: palette.line, font: {color: palette.ink}},
    };
  }

  function draw(element) {
    const spec = specs[element.dataset.figure];
    const palette = colours();
    const shown = element.data ? element.data.map(trace => trace.visible) : [];
    const traces = spec.traces.map((trace, index) => ({...painted(trace, palette), visible: shown[index] ?? true}));
    const config = {responsive: true, displaylogo: false, displayModeBar: 'hover', showTips: false,
      modeBarButtonsToRemove: ['lasso2d', 'select2d', 'sendDataToCloud']};
    drawn.add(element);
    return Plotly.react(element, traces, layoutOf(spec, palette, element.clientWidth), config);
  }

  const elements = [...document.querySelectorAll('.plot')];
  if (!window.Plotly) return;
  const near = new IntersectionObserver(entries => entries.forEach(entry => {
    if (entry.isIntersecting) { near.unobserve(entry.target); draw(entry.target); }
  }), {rootMargin: '600px 0px'});
  elements.forEach(element => near.observe(element));

  dark.addEventListener('change', () => drawn.forEach(draw));
  window.addEventListener('beforeprint', () => { printing = true; elements.filter(e => e.offsetParent).forEach(draw); });
  window.addEventListener('afterprint', () => { printing = false; drawn.forEach(draw); });
})();
