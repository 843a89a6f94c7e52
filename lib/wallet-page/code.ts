import { encode } from 'uqr';

const SVG = 'http://www.w3.org/2000/svg';
/** Light modules around the code, which readers want four of. */
const BORDER = 4;

/** The dark modules of a code as one path, and how many modules it is wide. */
export function pathOf(text: string): { readonly d: string; readonly size: number } {
  const { data, size } = encode(text, { ecc: 'M', border: BORDER });
  const d = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  return { d, size };
}

/** A code to scan, dark on light whatever the page's colours are. */
export function drawCode(text: string, label: string): SVGElement {
  const { d, size } = pathOf(text);
  const svg = document.createElementNS(SVG, 'svg');
  const attributes = { viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': label, class: 'code' };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  const ground = document.createElementNS(SVG, 'rect');
  for (const [name, value] of Object.entries({ width: size, height: size, class: 'light' }))
    ground.setAttribute(name, `${value}`);
  const modules = document.createElementNS(SVG, 'path');
  modules.setAttribute('d', d);
  modules.setAttribute('class', 'dark');
  svg.append(ground, modules);
  return svg;
}
