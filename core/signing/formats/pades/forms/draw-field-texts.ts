import type { Documents } from '../../../../documents/documents.js'
import type { PagePicture } from '../appearance.js'

/** What a text field shows, as large as its place. */
export interface FieldText {
  /** Points. */
  readonly width: number
  readonly height: number
  /** As it is to be read; it is the value of the field too. */
  readonly text: string
  /** That of its first strong letter unless told. */
  readonly direction?: 'ltr' | 'rtl'
  /** `start` is the side where reading begins. */
  readonly align: 'start' | 'center' | 'end'
  /** Points. A text that does not fit is set smaller, never cut. Without it as large as the place allows, at most 11. */
  readonly fontSize?: number
  /** Lines are broken; else only where the text could not be read otherwise. */
  readonly multiline?: boolean
  readonly font?: 'sans' | 'naskh'
}

/** So many pictures in one file; more are drawn in several runs. */
const mostPages = 500

/**
 * Draws the texts of many fields in one run of Typst: letters shaped and in the right order in every script, fonts embedded. All pages
 * are those of one file, so that a document that takes them holds each font once.
 * @returns a picture for each text, in order, for `FieldFill.pictures`
 * @throws Fault those of `Documents.render`
 */
export async function drawFieldTexts(documents: Documents, texts: readonly FieldText[]): Promise<PagePicture[]> {
  const pictures: PagePicture[] = []
  for (let start = 0; start < texts.length; start += mostPages) {
    const part = texts.slice(start, start + mostPages)
    const { pdf, pages } = await documents.render({
      template: 'signing/field-texts',
      data: {
        texts: part.map(({ width, height, text, direction, align, fontSize, multiline, font }) => ({
          width,
          height,
          text: text.replace(/\r\n?/g, '\n'),
          direction: direction ?? null,
          align,
          size: fontSize ?? null,
          multiline: multiline ?? false,
          font: font ?? 'sans',
        })),
      },
      locale: 'en',
      digits: 'latin',
      standard: 'a-3b',
      createdAt: new Date(0),
      title: 'Fields',
    })
    if (pages !== part.length) throw new Error(`${pages} pages for ${part.length} texts`)
    for (let page = 1; page <= part.length; page++) pictures.push({ pdf, page })
  }
  return pictures
}
