/** A point; y grows upwards in outlines of letters, downwards in a drawing. */
export type Point = readonly [x: number, y: number]

/** Part of a contour. Quadratic and cubic curves keep their control points. */
export type Segment =
  | { readonly kind: 'move'; readonly to: Point }
  | { readonly kind: 'line'; readonly to: Point }
  | { readonly kind: 'quadratic'; readonly control: Point; readonly to: Point }
  | { readonly kind: 'cubic'; readonly first: Point; readonly second: Point; readonly to: Point }
  | { readonly kind: 'close' }

const token = /-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|[a-z]/gi

/** Reads the path data that Typst writes for a glyph (M m L l H h V v Q q C c Z z) into absolute segments. */
export function readPath(data: string): Segment[] {
  const segments: Segment[] = []
  const tokens = data.match(token) ?? []
  let index = 0
  let command = ''
  let x = 0
  let y = 0
  let start: Point = [0, 0]
  const number = (): number => {
    const value = Number(tokens[index])
    index += 1
    if (Number.isNaN(value)) throw new Error(`glyph path: number expected near token ${index}`)
    return value
  }
  const point = (relative: boolean): Point => {
    const first = number()
    const second = number()
    return relative ? [x + first, y + second] : [first, second]
  }
  while (index < tokens.length) {
    const current = tokens[index] ?? ''
    if (/^[a-z]/i.test(current)) {
      command = current
      index += 1
    }
    const relative = command === command.toLowerCase()
    switch (command.toLowerCase()) {
      case 'm': {
        const to = point(relative)
        segments.push({ kind: 'move', to })
        ;[x, y] = to
        start = to
        command = relative ? 'l' : 'L'
        break
      }
      case 'l':
      case 'h':
      case 'v': {
        const letter = command.toLowerCase()
        const to: Point =
          letter === 'l' ? point(relative) : letter === 'h' ? [number() + (relative ? x : 0), y] : [x, number() + (relative ? y : 0)]
        segments.push({ kind: 'line', to })
        ;[x, y] = to
        break
      }
      case 'q': {
        const control = point(relative)
        const to = point(relative)
        segments.push({ kind: 'quadratic', control, to })
        ;[x, y] = to
        break
      }
      case 'c': {
        const first = point(relative)
        const second = point(relative)
        const to = point(relative)
        segments.push({ kind: 'cubic', first, second, to })
        ;[x, y] = to
        break
      }
      case 'z':
        segments.push({ kind: 'close' })
        ;[x, y] = start
        break
      default:
        throw new Error(`glyph path: unknown command ${command}`)
    }
  }
  return segments
}

/** Moves every point. */
export function mapPath(segments: readonly Segment[], map: (point: Point) => Point): Segment[] {
  return segments.map((segment): Segment => {
    switch (segment.kind) {
      case 'close':
        return segment
      case 'quadratic':
        return { kind: 'quadratic', control: map(segment.control), to: map(segment.to) }
      case 'cubic':
        return { kind: 'cubic', first: map(segment.first), second: map(segment.second), to: map(segment.to) }
      default:
        return { kind: segment.kind, to: map(segment.to) }
    }
  })
}

/** Cuts lines and curves so that no piece is wider than `step`: a bent drawing then follows the arc everywhere. */
export function subdivide(segments: readonly Segment[], step: number): Segment[] {
  const pieces: Segment[] = []
  let at: Point = [0, 0]
  let start: Point = [0, 0]
  for (const segment of segments) {
    if (segment.kind === 'close') {
      // The closing line is a line like any other and must bend with the rest.
      if (Math.abs(at[0] - start[0]) > step) pieces.push(...linePieces(at, start, step))
      pieces.push(segment)
      at = start
      continue
    }
    if (segment.kind === 'move') {
      pieces.push(segment)
      start = segment.to
    } else if (segment.kind === 'line') pieces.push(...linePieces(at, segment.to, step))
    else if (segment.kind === 'quadratic') pieces.push(...quadraticPieces(at, segment.control, segment.to, step))
    else pieces.push(segment)
    at = segment.to
  }
  return pieces
}

function between(a: Point, b: Point, share: number): Point {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share]
}

function linePieces(from: Point, to: Point, step: number): Segment[] {
  const count = Math.max(1, Math.ceil(Math.abs(to[0] - from[0]) / step))
  return Array.from({ length: count }, (_, index) => ({ kind: 'line', to: between(from, to, (index + 1) / count) }))
}

function quadraticPieces(from: Point, control: Point, to: Point, step: number): Segment[] {
  const width = Math.max(from[0], control[0], to[0]) - Math.min(from[0], control[0], to[0])
  if (width <= step) return [{ kind: 'quadratic', control, to }]
  const left = between(from, control, 0.5)
  const right = between(control, to, 0.5)
  const middle = between(left, right, 0.5)
  return [...quadraticPieces(from, left, middle, step), ...quadraticPieces(middle, right, to, step)]
}

/** SVG path data with two decimals. */
export function writePath(segments: readonly Segment[]): string {
  const at = ([x, y]: Point): string => `${short(x)} ${short(y)}`
  return segments
    .map((segment) => {
      switch (segment.kind) {
        case 'move':
          return `M${at(segment.to)}`
        case 'line':
          return `L${at(segment.to)}`
        case 'quadratic':
          return `Q${at(segment.control)} ${at(segment.to)}`
        case 'cubic':
          return `C${at(segment.first)} ${at(segment.second)} ${at(segment.to)}`
        case 'close':
          return 'Z'
      }
    })
    .join('')
}

function short(value: number): string {
  const rounded = Math.round(value * 100) / 100
  return String(Object.is(rounded, -0) ? 0 : rounded)
}

/** Least and greatest x and y over all points, control points included. */
export function bounds(segments: readonly Segment[]): { left: number; right: number; bottom: number; top: number } {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity]
  mapPath(segments, (point) => {
    left = Math.min(left, point[0])
    right = Math.max(right, point[0])
    bottom = Math.min(bottom, point[1])
    top = Math.max(top, point[1])
    return point
  })
  return left === Infinity ? { left: 0, right: 0, bottom: 0, top: 0 } : { left, right, bottom, top }
}
