import type { PdfReference } from '../../../../validation/pdf/objects.js'
import type { ShownSize } from '../appearance.js'
import type { IncrementalUpdate } from '../incremental-update.js'
import { dictionaryOf, name } from '../object-writer.js'
import { uprightMatrix } from '../page-geometry.js'

/** Dark blue-grey of the marks, and the quiet line around them. */
const ink = '0.08 0.13 0.2'
const frame = '0.42 0.47 0.53'
/** A quarter of a circle by a Bézier curve. */
const arc = 0.5523

/**
 * The picture of a box or circle in one of its states, drawn with lines alone: no font is needed, now or later. All states are
 * drawn when the field is made, so that choosing one later changes the state and never a picture.
 */
export function statePicture(
  update: IncrementalUpdate,
  kind: 'checkbox' | 'radio',
  state: { readonly on: boolean; readonly outline: boolean },
  shown: ShownSize,
): PdfReference {
  const side = Math.min(shown.width, shown.height)
  const at = (x: number, y: number): string =>
    [shown.width / 2 + (x - 0.5) * side, shown.height / 2 + (y - 0.5) * side].map((value) => String(Number(value.toFixed(3)))).join(' ')
  const line = (share: number): string => String(Number(Math.max(0.4, side * share).toFixed(3)))
  const circle = (radius: number): string => {
    const [r, c] = [radius, radius * arc]
    const curve = (x1: number, y1: number, x2: number, y2: number, x: number, y: number): string =>
      `${at(0.5 + x1, 0.5 + y1)} ${at(0.5 + x2, 0.5 + y2)} ${at(0.5 + x, 0.5 + y)} c`
    return `${at(0.5 + r, 0.5)} m ${curve(r, c, c, r, 0, r)} ${curve(-c, r, -r, c, -r, 0)} ${curve(-r, -c, -c, -r, 0, -r)} ${curve(c, -r, r, -c, r, 0)} h`
  }
  const parts: string[] = []
  if (kind === 'checkbox') {
    if (state.outline)
      parts.push(`${frame} RG ${line(0.06)} w ${at(0.06, 0.06)} m ${at(0.94, 0.06)} l ${at(0.94, 0.94)} l ${at(0.06, 0.94)} l h S`)
    if (state.on) parts.push(`${ink} RG 1 J 1 j ${line(0.12)} w ${at(0.22, 0.52)} m ${at(0.42, 0.28)} l ${at(0.78, 0.74)} l S`)
  } else {
    if (state.outline) parts.push(`${frame} RG ${line(0.06)} w ${circle(0.43)} S`)
    if (state.on) parts.push(`${ink} rg ${circle(0.24)} f`)
  }
  const form = update.reserve()
  const dictionary = dictionaryOf({
    Type: name('XObject'),
    Subtype: name('Form'),
    BBox: [0, 0, shown.width, shown.height],
    Matrix: uprightMatrix(shown.rotation),
    Resources: dictionaryOf({}),
  })
  update.putStream(form, dictionary, Buffer.from(parts.length === 0 ? '' : `q ${parts.join(' ')} Q`, 'latin1'))
  return form
}
