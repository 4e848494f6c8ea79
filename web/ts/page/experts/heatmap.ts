/** The map itself: a row a layer, a column an expert, darker the more often it was chosen. */

import { most, type Usage } from "./usage.js";

/** Heights of a row in CSS pixels: as many layers as there may be, the map stays of about one size. */
const ROW = { least: 4, most: 16, all: 340 };

export class Heatmap {
  #usage: Usage | undefined;

  constructor(private readonly canvas: HTMLCanvasElement) {
    new ResizeObserver(() => this.#draw()).observe(canvas);
  }

  show(usage: Usage): void {
    this.#usage = usage;
    this.#draw();
  }

  /** The colours have changed. */
  redraw(): void {
    this.#draw();
  }

  /** The layer and the expert under a pointer. */
  at(event: PointerEvent): { layer: number; expert: number } | undefined {
    const usage = this.#usage;
    if (!usage) return undefined;
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const layer = Math.floor(((event.clientY - top) / height) * usage.layers);
    const expert = Math.floor(((event.clientX - left) / width) * usage.experts);
    const isInside = layer >= 0 && layer < usage.layers && expert >= 0 && expert < usage.experts;
    return isInside ? { layer, expert } : undefined;
  }

  #draw(): void {
    const usage = this.#usage;
    const pen = this.canvas.getContext("2d");
    if (!usage || !pen || this.canvas.clientWidth === 0) return;
    const { layers, experts, counts } = usage;
    const rowHeight = Math.min(ROW.most, Math.max(ROW.least, Math.floor(ROW.all / layers)));
    this.canvas.style.height = `${rowHeight * layers}px`;
    const width = Math.round(this.canvas.clientWidth * devicePixelRatio);
    const height = Math.round(rowHeight * layers * devicePixelRatio);
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    pen.clearRect(0, 0, width, height);
    pen.fillStyle = getComputedStyle(this.canvas).color;
    const high = most(usage);
    if (high === 0) return;
    const gap = width / experts > 4 ? devicePixelRatio : 0;
    const edge = (place: number, of: number, size: number): number => Math.round((place / of) * size);
    for (let layer = 0; layer < layers; layer += 1) {
      const [top, bottom] = [edge(layer, layers, height), edge(layer + 1, layers, height)];
      for (let expert = 0; expert < experts; expert += 1) {
        const count = counts[layer * experts + expert] ?? 0;
        if (count === 0) continue;
        // Few experts are chosen very often: roots keep the others apart from never.
        pen.globalAlpha = 0.08 + 0.92 * Math.sqrt(count / high);
        const [left, right] = [edge(expert, experts, width), edge(expert + 1, experts, width)];
        pen.fillRect(left, top, Math.max(1, right - left - gap), Math.max(1, bottom - top - gap));
      }
    }
    pen.globalAlpha = 1;
  }
}
