import { Fault } from '../../../core/i18n/fault.js'
import type { InkPoint } from '../models/capture.js'

/** The largest picture of a pad, and how much of a hand is taken: a long signature has some 1,500 points. */
const largestSide = 4000
const mostPoints = 20_000
const mostStrokes = 400

export interface Ink {
  readonly width: number
  readonly height: number
  readonly strokes: readonly (readonly InkPoint[])[]
}

/**
 * Reads what a pad sent: numbers within the pad, time that does not run back.
 * @throws Fault SIGNATURES-INK-MALFORMED (400), SIGNATURES-INK-EMPTY for a dot or a tiny scratch
 */
export function readInk(given: unknown): Ink {
  const ink = shapeOf(given)
  if (ink === undefined) throw new Fault('SIGNATURES-INK-MALFORMED', { status: 400 })
  if (lengthOf(ink) < Math.max(ink.width, ink.height) * 0.08) throw new Fault('SIGNATURES-INK-EMPTY')
  return ink
}

function shapeOf(given: unknown): Ink | undefined {
  if (typeof given !== 'object' || given === null || !('width' in given) || !('height' in given) || !('strokes' in given)) return undefined
  const { width, height, strokes } = given
  if (!within(width, 20, largestSide) || !within(height, 20, largestSide) || !Array.isArray(strokes) || strokes.length > mostStrokes)
    return undefined
  let count = 0
  let before = 0
  const read: InkPoint[][] = []
  for (const stroke of strokes as unknown[]) {
    if (!Array.isArray(stroke)) return undefined
    const points: InkPoint[] = []
    for (const point of stroke as unknown[]) {
      count += 1
      if (count > mostPoints || typeof point !== 'object' || point === null) return undefined
      if (!('x' in point) || !('y' in point) || !('pressure' in point) || !('time' in point)) return undefined
      const { x, y, pressure, time } = point
      if (!within(x, -50, width + 50) || !within(y, -50, height + 50) || !within(pressure, 0, 1) || !within(time, before, 86_400_000))
        return undefined
      before = time
      points.push({ x, y, pressure, time })
    }
    if (points.length > 0) read.push(points)
  }
  return { width, height, strokes: read }
}

function within(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most
}

/** How far the pen went, in units of the pad. */
function lengthOf({ strokes }: Ink): number {
  let length = 0
  for (const stroke of strokes)
    for (const [index, point] of stroke.entries()) {
      const last = stroke[index - 1]
      if (last !== undefined) length += Math.hypot(point.x - last.x, point.y - last.y)
    }
  return length
}

/** Counts that are no secret. */
export function inkFacts(ink: Ink): Record<string, number | boolean> {
  const points = ink.strokes.flat()
  const pressures = new Set(points.map(({ pressure }) => pressure))
  return {
    strokes: ink.strokes.length,
    points: points.length,
    milliseconds: Math.round((points.at(-1)?.time ?? 0) - (points[0]?.time ?? 0)),
    // A finger or a mouse reports one value all along.
    pressure: pressures.size > 2,
  }
}

/**
 * The picture of a drawn signature, made here from the points and from nothing else the browser says: filled ribbons whose width
 * follows pressure, or speed where the device feels none. Cropped to the ink.
 */
export function inkSvg(ink: Ink): { svg: string; width: number; height: number } {
  const thick = Math.max(ink.width, ink.height) / 130
  const points = ink.strokes.flat()
  const margin = thick * 2
  const left = Math.min(...points.map(({ x }) => x)) - margin
  const top = Math.min(...points.map(({ y }) => y)) - margin
  const width = Math.ceil(Math.max(...points.map(({ x }) => x)) + margin - left)
  const height = Math.ceil(Math.max(...points.map(({ y }) => y)) + margin - top)
  const felt = inkFacts(ink)['pressure'] === true
  const paths = ink.strokes.map((stroke) => ribbon(stroke, thick, felt, left, top)).join('')
  return {
    svg: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" width="${String(width)}" height="${String(height)}"><path d="${paths}" fill="#10243e"/></svg>`,
    width,
    height,
  }
}

const short = (value: number): string => String(Math.round(value * 10) / 10)

/** Circles at the points, joined by four-sided pieces: no curve can loop back and leave a hole. */
function ribbon(stroke: readonly InkPoint[], thick: number, felt: boolean, left: number, top: number): string {
  let path = ''
  let radius = thick * 0.7
  for (const [index, point] of stroke.entries()) {
    const last = stroke[index - 1]
    const x = point.x - left
    const y = point.y - top
    const before = radius
    const wanted = thick * (felt ? 0.35 + 0.9 * point.pressure : 1.05 / (1 + speed(last, point) / 1.6))
    // Smoothed, so that a jitter of the device is no knot.
    radius = Math.max(thick * 0.3, radius * 0.65 + wanted * 0.35)
    const turn = `a${short(radius)} ${short(radius)} 0 1 0 `
    path += `M${short(x - radius)} ${short(y)}${turn}${short(radius * 2)} 0${turn}${short(-radius * 2)} 0z`
    if (last === undefined) continue
    const fromX = last.x - left
    const fromY = last.y - top
    const length = Math.hypot(x - fromX, y - fromY)
    if (length === 0) continue
    const acrossX = -(y - fromY) / length
    const acrossY = (x - fromX) / length
    path +=
      `M${short(fromX + acrossX * before)} ${short(fromY + acrossY * before)}` +
      `L${short(fromX - acrossX * before)} ${short(fromY - acrossY * before)}` +
      `L${short(x - acrossX * radius)} ${short(y - acrossY * radius)}` +
      `L${short(x + acrossX * radius)} ${short(y + acrossY * radius)}z`
  }
  return path
}

function speed(last: InkPoint | undefined, point: InkPoint): number {
  if (last === undefined) return 0
  return Math.hypot(point.x - last.x, point.y - last.y) / Math.max(1, point.time - last.time)
}
