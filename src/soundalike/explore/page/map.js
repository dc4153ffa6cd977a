// The map: points on a canvas (regl-scatterplot), their colors and their legend.

import { createScatterplot } from "./libraries.js";
import { background, categoryColors, colorNumbers, highlight, scaleColors } from "./palette.js";

const MOVE_MS = 700;
const SLOW_MS = 80; // from a frame to the next one
const SLOW_FRAMES = 3; // as many are no accident
const REST_MS = 180; // without a move, until the map is at rest
const plot = document.getElementById("plot"); // gives the canvas its size
const canvas = document.getElementById("points");
const legend = document.getElementById("legend");

export class PointMap {
  static mostMoving = 8000; // points that are drawn while the map moves, if frames are slow

  // events: functions `select(positions)`, `toggle(position)`, `over(position)` and `out()`.
  constructor(nPoints, events) {
    this.points = null;
    this.coloring = null; // { kind: "names", names, isLastGray, values } or { kind: "scale", ends, values }
    this.filter = null;
    this.selection = [];
    this.index = null; // of the points, for the plot to find them by their places
    this.drawing = Promise.resolve(); // the plot draws once at a time
    this.plot = createScatterplot({
      canvas,
      width: plot.clientWidth,
      height: plot.clientHeight,
      pointSize: nPoints < 3000 ? 8 : nPoints < 30000 ? 5 : 3,
      pointSizeSelected: 5,
      pointOutlineWidth: 3,
      opacity: nPoints < 30000 ? 0.85 : 0.6,
      opacityInactiveMax: 1,
      opacityInactiveScale: 1,
      lassoOnLongPress: true,
      deselectOnDblClick: false,
      deselectOnEscape: false,
      colorBy: "valueA",
    });
    let isExtending = false; // whether it is a click with shift
    plot.addEventListener("mousedown", () => (isExtending = false), { capture: true });
    plot.addEventListener("click", (event) => (isExtending = event.shiftKey), { capture: true });
    this.plot.subscribe("select", ({ points }) => {
      if (isExtending && points.length === 1) events.toggle(points[0]);
      else events.select([...points]);
      isExtending = false;
    });
    this.plot.subscribe("deselect", () => setTimeout(() => this.showSelection(this.selection)));
    this.slowFrames = isSoftware(this.plot.get("regl")._gl) ? SLOW_FRAMES : 0;
    this.isThin = false; // whether only some points are drawn
    this.resting = 0; // the timer until it is at rest
    this.plot.subscribe("view", () => this.moved());
    this.plot.subscribe("pointOver", events.over);
    this.plot.subscribe("pointOut", events.out);
    new ResizeObserver(() => this.fit()).observe(plot);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  // Show all points: the height of the canvas is that of the map, so a narrow one is further away.
  fit() {
    const { clientWidth: width, clientHeight: height } = plot;
    if (!width || !height) return;
    this.plot.set({ width, height, cameraDistance: Math.max(1, height / width) });
  }

  // points: x and y of every row, from -1 to 1. Points that are drawn already move to their new
  // places; what is selected, the filter and the zoom stay.
  async setPoints(points) {
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.points = points;
    this.index = null;
    await this.draw(Boolean(canvas.dataset.drawn) && !isStill);
  }

  async setColoring(coloring) {
    this.coloring = coloring;
    await this.draw();
  }

  draw(isMove = false) {
    this.drawing = this.drawing.catch(() => {}).then(() => this.drawNow(isMove));
    return this.drawing;
  }

  async drawNow(isMove) {
    if (!this.points || !this.coloring) return;
    const { kind, names, values } = this.coloring;
    const isScale = kind === "scale";
    const colors = isScale ? scaleColors() : categoryColors(this.coloring);
    const n = this.points.length / 2;
    const x = new Float32Array(n);
    const y = new Float32Array(n);
    for (let i = 0; i < n; i++) {
      x[i] = 0.95 * this.points[2 * i];
      y[i] = 0.95 * this.points[2 * i + 1];
    }
    this.plot.set({
      backgroundColor: background(),
      pointColor: colors,
      pointColorActive: highlight(),
      pointColorHover: highlight(),
    });
    const points = this.points;
    await this.plot.draw({ x, y, z: isScale ? values : colorNumbers(values, colors) }, {
      zDataType: isScale ? "continuous" : "categorical",
      filter: this.filter ?? undefined,
      spatialIndex: this.index ?? undefined,
      transition: isMove,
      transitionDuration: MOVE_MS,
    });
    if (points === this.points) this.index = this.plot.get("spatialIndex");
    this.showSelection(this.selection);
    this.drawLegend(colors);
    canvas.dataset.drawn = "true";
  }

  // While the map moves and frames take long, as without a graphics card, only some of its points are
  // drawn; when it rests, all are.
  moved() {
    const now = performance.now();
    requestAnimationFrame(() => (this.slowFrames += performance.now() - now > SLOW_MS));
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.rest(), REST_MS);
    const n = this.filter?.length ?? (this.points?.length ?? 0) / 2;
    if (this.slowFrames < SLOW_FRAMES || this.isThin || n <= PointMap.mostMoving) return;
    this.isThin = true;
    canvas.dataset.points = "some";
    const every = Math.ceil(n / PointMap.mostMoving);
    const some = Array.from({ length: Math.floor(n / every) }, (_, i) => (this.filter ? this.filter[i * every] : i * every));
    this.plot.filter(some, { preventEvent: true });
  }

  rest() {
    if (!this.isThin) return;
    this.isThin = false;
    canvas.dataset.points = "all";
    this.setFilter(this.filter);
    this.showSelection(this.selection);
  }

  // Show only some points; null shows all.
  setFilter(positions) {
    this.filter = positions;
    if (positions) this.plot.filter(positions);
    else this.plot.unfilter();
  }

  showSelection(positions) {
    this.selection = positions;
    this.plot.select([...positions], { preventEvent: true });
  }

  // Where a point is, in pixels of the map.
  place(position) {
    return this.plot.getScreenPosition(position);
  }

  drawLegend(colors) {
    legend.replaceChildren();
    const { kind, names, isLastGray, ends, values } = this.coloring;
    if (kind === "scale") {
      const scale = document.createElement("div");
      scale.className = "scale";
      scale.style.background = `linear-gradient(to right, ${colors.join(",")})`;
      legend.append(scale, ends);
      return;
    }
    const counts = new Uint32Array(colors.length);
    for (const number of colorNumbers(values, colors)) counts[number]++;
    colors.forEach((color, number) => {
      if (!counts[number]) return;
      const isRest = number === colors.length - 1 && names.length > colors.length;
      const line = document.createElement("div");
      const dot = document.createElement("i");
      dot.style.background = color;
      const rest = isLastGray ? "others and none" : `${names.length - number} others`;
      const name = isRest ? rest : names[number] || "none";
      line.append(dot, `${name} (${counts[number].toLocaleString("en")})`);
      legend.append(line);
    });
  }
}

// Whether WebGL is computed by the processor, without a graphics card.
function isSoftware(gl) {
  const facts = gl.getExtension("WEBGL_debug_renderer_info");
  return Boolean(facts) && /swiftshader|llvmpipe|software|basic render/i.test(gl.getParameter(facts.UNMASKED_RENDERER_WEBGL));
}
