import { packEntry, writeArchive } from '../docx/archive.js'

const wordprocessing = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main'
const relations = 'http://schemas.openxmlformats.org/package/2006/relationships'
const officeRelations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const mainType = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml'

export interface DocxParts {
  readonly body?: string
  /** Relationships of the document. */
  readonly relationships?: string
  readonly mainType?: string
  readonly more?: Readonly<Record<string, string>>
}

/** A right-to-left paragraph as Word writes it. */
export function arabicParagraph(text: string): string {
  return `<w:p><w:pPr><w:bidi/></w:pPr><w:r><w:rPr><w:rtl/><w:rFonts w:cs="Noto Sans Arabic"/></w:rPr><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`
}

/** A minimal Word document (ECMA-376-1), made anew for each test. */
export function docx(parts: DocxParts = {}): Buffer {
  const files: Record<string, string> = {
    '[Content_Types].xml': `<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="${parts.mainType ?? mainType}"/></Types>`,
    '_rels/.rels': `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="${relations}"><Relationship Id="r1" Type="${officeRelations}/officeDocument" Target="word/document.xml"/></Relationships>`,
    'word/document.xml': `<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="${wordprocessing}"><w:body>${parts.body ?? arabicParagraph('عقد عمل')}<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1440" w:right="1440" w:bottom="1440" w:left="1440" w:header="720" w:footer="720" w:gutter="0"/><w:bidi/></w:sectPr></w:body></w:document>`,
    'word/_rels/document.xml.rels': `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="${relations}">${parts.relationships ?? ''}</Relationships>`,
    ...parts.more,
  }
  return writeArchive(Object.entries(files).map(([name, text]) => packEntry(name, Buffer.from(text))))
}

export function relationship(id: string, kind: string, target: string, external: boolean): string {
  return `<Relationship Id="${id}" Type="${officeRelations}/${kind}" Target="${target}"${external ? ' TargetMode="External"' : ''}/>`
}
