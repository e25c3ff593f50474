import type { PdfDocument } from '../../../../validation/pdf/document.js'
import { isDictionary, type PdfDictionary, type PdfValue } from '../../../../validation/pdf/objects.js'
import type { IncrementalUpdate } from '../incremental-update.js'
import { dictionaryOf, name } from '../object-writer.js'

const fontName = 'KhatmField'

/** Default appearance of a text field (ISO 32000-2 12.7.4.3), of size 0 for "as large as it fits". */
export const defaultAppearance = (size: number | undefined): string => `/${fontName} ${size ?? 0} Tf 0 g`

/**
 * The form with a font for that entry. A text field must name one, though the text of ours is drawn by Typst with the letters it
 * needs and readers never draw it again: the fields are read-only. So the font has no letters but the blank; as a Type 3 font
 * it is whole in the file, where a standard font would be one that is not embedded.
 */
export function withDefaultFont(document: PdfDocument, form: PdfDictionary | undefined, update: IncrementalUpdate): Map<string, PdfValue> {
  const resources = document.dictionary(form?.get('DR')) ?? new Map<string, PdfValue>()
  const fonts = document.dictionary(resources.get('Font')) ?? new Map<string, PdfValue>()
  const changes = new Map<string, PdfValue>()
  if (!isDictionary(document.resolve(fonts.get(fontName)))) {
    const blank = update.reserve()
    update.putStream(blank, dictionaryOf({}), Buffer.from('300 0 d0', 'latin1'))
    const font = update.reserve()
    update.put(
      font,
      dictionaryOf({
        Type: name('Font'),
        Subtype: name('Type3'),
        FontBBox: [0, 0, 300, 1000],
        FontMatrix: [0.001, 0, 0, 0.001, 0, 0],
        CharProcs: dictionaryOf({ space: blank }),
        Encoding: dictionaryOf({ Type: name('Encoding'), Differences: [32, name('space')] }),
        FirstChar: 32,
        LastChar: 32,
        Widths: [300],
        Resources: dictionaryOf({}),
      }),
    )
    changes.set('DR', new Map<string, PdfValue>([...resources, ['Font', new Map<string, PdfValue>([...fonts, [fontName, font]])]]))
  }
  // Readers told to draw the fields afresh would draw over our pictures what each of them thinks right.
  if (form?.has('NeedAppearances') === true) changes.set('NeedAppearances', null)
  return changes
}
