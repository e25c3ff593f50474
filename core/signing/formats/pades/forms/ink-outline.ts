/** A point of a pen or finger on a pad: place in units of the pad, pressure 0 to 1, time in milliseconds. */
export interface PenPoint {
  readonly x: number
  readonly y: number
  readonly pressure: number
  readonly time: number
}

/** What a pen drew: each stroke from touch to lift. */
export interface PenStrokes {
  /** Size of the pad. */
  readonly width: number
  readonly height: number
  readonly strokes: readonly (readonly PenPoint[])[]
}

const colour = '#10243e'
/** Most pieces a step between two points is cut into, so that the line is round. */
const mostPieces = 4

interface Place {
  readonly x: number
  readonly y: number
  readonly radius: number
}

/**
 * The line of a pen as one filled outline (SVG), cropped to the ink: a smooth curve through the points (Catmull-Rom), wide where the pen
 * was pressed or slow. A device without pressure reports one value all along; then speed alone decides.
 * @returns undefined when nothing was drawn
 */
export function inkOutline({ width, height, strokes }: PenStrokes): string | undefined {
  const thick = Math.max(width, height) / 130
  const pressures = new Set(strokes.flat().map(({ pressure }) => pressure))
  const lines = strokes.map((stroke) => rounded(weighed(stroke, thick, pressures.size > 2))).filter((line) => line.length > 0)
  const all = lines.flat()
  if (all.length === 0) return undefined
  const bounds = all.reduce(
    ({ left, top, right, bottom }, { x, y, radius }) => ({
      left: Math.min(left, x - radius),
      top: Math.min(top, y - radius),
      right: Math.max(right, x + radius),
      bottom: Math.max(bottom, y + radius),
    }),
    { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity },
  )
  const [wide, high] = [bounds.right - bounds.left, bounds.bottom - bounds.top].map(short)
  const path = lines.map((line) => outline(line.map((one) => ({ ...one, x: one.x - bounds.left, y: one.y - bounds.top })))).join('')
  return svgOf(`<path d="${path}" fill="${colour}"/>`, String(wide), String(high))
}

/** An SVG picture of `width` by `height` units around the content. */
export function svgOf(content: string, width: string, height: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${content}</svg>`
}

const short = (value: number): string => String(Math.round(value * 10) / 10)

/** Points with the half width of the line there, smoothed so that a jitter of the device is no knot. */
function weighed(stroke: readonly PenPoint[], thick: number, pressed: boolean): Place[] {
  let radius = thick * 0.7
  return stroke.map(({ x, y, pressure, time }, index) => {
    const last = stroke[index - 1]
    const speed = last === undefined ? 0 : Math.hypot(x - last.x, y - last.y) / Math.max(1, time - last.time)
    const wanted = thick * (pressed ? 0.35 + 0.9 * pressure : 1.05 / (1 + speed / 1.6))
    radius = Math.max(thick * 0.3, radius * 0.65 + wanted * 0.35)
    return { x, y, radius }
  })
}

/** A curve through the places: between two of them as their neighbours bend it. */
function rounded(places: readonly Place[]): Place[] {
  const [first] = places
  if (first === undefined) return []
  const line: Place[] = [first]
  for (let index = 1; index < places.length; index++) {
    const [before, from, to, after] = [
      places[index - 2] ?? places[index - 1],
      places[index - 1],
      places[index],
      places[index + 1] ?? places[index],
    ]
    if (before === undefined || from === undefined || to === undefined || after === undefined) continue
    if (from.x === to.x && from.y === to.y) continue
    const pieces = Math.min(mostPieces, Math.max(1, Math.round(Math.hypot(to.x - from.x, to.y - from.y) / (from.radius * 2))))
    for (let piece = 1; piece <= pieces; piece++) {
      const at = piece / pieces
      const through = (a: number, b: number, c: number, d: number): number =>
        0.5 * (2 * b + (c - a) * at + (2 * a - 5 * b + 4 * c - d) * at ** 2 + (3 * b - a - 3 * c + d) * at ** 3)
      line.push({
        x: through(before.x, from.x, to.x, after.x),
        y: through(before.y, from.y, to.y, after.y),
        radius: from.radius + (to.radius - from.radius) * at,
      })
    }
  }
  return line
}

/**
 * One side of the line and back along the other, round at both ends; a circle where it turns sharply, since the inner side folds over
 * there. All turn the same way round, so that no overlap leaves a hole.
 */
function outline(line: readonly Place[]): string {
  const left: string[] = []
  const right: string[] = []
  let circles = ''
  for (const [index, place] of line.entries()) {
    const { x, y, radius } = place
    const [before, after] = [line[index - 1], line[index + 1]]
    const along = Math.atan2((after ?? place).y - (before ?? place).y, (after ?? place).x - (before ?? place).x)
    const isEnd = before === undefined || after === undefined
    if (isEnd || Math.abs(turn(before, place, after)) > 0.5) {
      const half = `a${short(radius)} ${short(radius)} 0 1 1 `
      circles += `M${short(x - radius)} ${short(y)}${half}${short(radius * 2)} 0${half}${short(-radius * 2)} 0z`
    }
    const [acrossX, acrossY] = [-Math.sin(along) * radius, Math.cos(along) * radius]
    left.push(`${short(x - acrossX)} ${short(y - acrossY)}`)
    right.push(`${short(x + acrossX)} ${short(y + acrossY)}`)
  }
  const sides = [...left, ...right.reverse()]
  return `${line.length > 1 ? `M${sides.join('L')}z` : ''}${circles}`
}

/** By how much the line changes its way at a place, radians. */
function turn(before: Place, place: Place, after: Place): number {
  const change = Math.atan2(after.y - place.y, after.x - place.x) - Math.atan2(place.y - before.y, place.x - before.x)
  return Math.atan2(Math.sin(change), Math.cos(change))
}
