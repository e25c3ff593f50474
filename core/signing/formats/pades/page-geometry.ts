import type { PdfDocument } from '../../../validation/pdf/document.js'
import { MalformedPdf, type PdfDictionary, type PdfValue } from '../../../validation/pdf/objects.js'

/** x, y, width, height in points of the page as its reader sees it, origin at its lower left corner. */
export type SeenRectangle = readonly [x: number, y: number, width: number, height: number]

/** How a page is shown: visible box, turn and size of its unit (ISO 32000-2 7.7.3.3). */
export interface PageGeometry {
  /** Visible part in the page's own coordinates. */
  readonly box: readonly [left: number, bottom: number, right: number, top: number]
  /** Clockwise, degrees. */
  readonly rotation: 0 | 90 | 180 | 270
  /** Points a unit of the page's coordinates is long. */
  readonly unit: number
}

/** An entry that pages inherit from the nodes above them. */
export function inherited(document: PdfDocument, page: PdfDictionary, key: string): PdfValue {
  let node: PdfDictionary | undefined = page
  for (let depth = 0; node !== undefined && depth < 60; depth++) {
    const value = document.resolve(node.get(key))
    if (value !== null) return value
    node = document.dictionary(node.get('Parent'))
  }
  return null
}

/** Corners in order, whichever way round the file has them. */
export function rectangleOf(document: PdfDocument, value: PdfValue): [number, number, number, number] | undefined {
  const [x1, y1, x2, y2] = Array.isArray(value) ? value.map((one) => document.resolve(one)) : []
  if (typeof x1 !== 'number' || typeof y1 !== 'number' || typeof x2 !== 'number' || typeof y2 !== 'number') return undefined
  return [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)]
}

/** @throws MalformedPdf when the page has no size */
export function geometryOf(document: PdfDocument, page: PdfDictionary): PageGeometry {
  const media = rectangleOf(document, inherited(document, page, 'MediaBox'))
  if (media === undefined) throw new MalformedPdf('media box', 0)
  const crop = rectangleOf(document, inherited(document, page, 'CropBox')) ?? media
  // A crop box is cut to the media box (ISO 32000-2 14.11.2); one that lies outside is passed over as readers do.
  const cut = [Math.max(media[0], crop[0]), Math.max(media[1], crop[1]), Math.min(media[2], crop[2]), Math.min(media[3], crop[3])] as const
  const turned = inherited(document, page, 'Rotate')
  const degrees = typeof turned === 'number' ? ((turned % 360) + 360) % 360 : 0
  const unit = document.resolve(page.get('UserUnit'))
  return {
    box: cut[0] < cut[2] && cut[1] < cut[3] ? cut : media,
    rotation: degrees === 90 || degrees === 180 || degrees === 270 ? degrees : 0,
    unit: typeof unit === 'number' && unit > 0 ? unit : 1,
  }
}

/** A rectangle of the page as it is seen, in the page's own coordinates: corners left, bottom, right, top. */
export function toPage({ box, rotation, unit }: PageGeometry, seen: SeenRectangle): [number, number, number, number] {
  const [left, bottom, right, top] = box
  const point = (x: number, y: number): [number, number] => {
    const [a, b] = [x / unit, y / unit]
    switch (rotation) {
      case 0:
        return [left + a, bottom + b]
      case 90:
        return [right - b, bottom + a]
      case 180:
        return [right - a, top - b]
      case 270:
        return [left + b, top - a]
    }
  }
  const [x, y, width, height] = seen
  const [x1, y1] = point(x, y)
  const [x2, y2] = point(x + width, y + height)
  return [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)]
}

/** The way back of `toPage`. */
export function fromPage({ box, rotation, unit }: PageGeometry, corners: readonly [number, number, number, number]): SeenRectangle {
  const [left, bottom, right, top] = box
  const [x1, y1, x2, y2] = corners
  const [across, up] = [(x2 - x1) * unit, (y2 - y1) * unit]
  switch (rotation) {
    case 0:
      return [(x1 - left) * unit, (y1 - bottom) * unit, across, up]
    case 90:
      return [(y1 - bottom) * unit, (right - x2) * unit, up, across]
    case 180:
      return [(right - x2) * unit, (top - y2) * unit, across, up]
    case 270:
      return [(top - y2) * unit, (x1 - left) * unit, up, across]
  }
}

/** The page as its reader sees it: turned and cropped, in points. */
export function seenSize({ box, rotation, unit }: PageGeometry): { width: number; height: number } {
  const [across, up] = [(box[2] - box[0]) * unit, (box[3] - box[1]) * unit]
  return rotation === 90 || rotation === 270 ? { width: up, height: across } : { width: across, height: up }
}

/**
 * A place given by fractions of the page as it is seen, from its upper left corner, in points from its lower left one.
 * @param page size of the page as it is seen
 */
export function toSeenRectangle(
  page: { readonly width: number; readonly height: number },
  area: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): SeenRectangle {
  return [area.x * page.width, (1 - area.y - area.height) * page.height, area.width * page.width, area.height * page.height]
}

/** Turns a picture against the page, so that it stands upright when the page is shown turned. */
export function uprightMatrix(rotation: PageGeometry['rotation']): number[] | undefined {
  switch (rotation) {
    case 0:
      return undefined
    case 90:
      return [0, 1, -1, 0, 0, 0]
    case 180:
      return [-1, 0, 0, -1, 0, 0]
    case 270:
      return [0, -1, 1, 0, 0, 0]
  }
}
