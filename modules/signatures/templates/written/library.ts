import type { Locale, LocalizedText } from '../../../../core/i18n/locale.js'
import type { TemplateRoleInput } from '../../models/role.js'
import type { TextContentInput } from '../../models/template.js'
import { authorisation } from './library/authorisation.js'
import { confidentiality } from './library/confidentiality.js'
import { services } from './library/services.js'

/** A text to begin with, in all languages. Not legal advice: whoever uses it reads it and changes what does not fit. */
export interface LibraryText {
  readonly code: string
  readonly title: LocalizedText
  readonly preamble: LocalizedText
  readonly clauses: readonly { readonly heading: LocalizedText; readonly body: LocalizedText }[]
  readonly mergeFields: readonly {
    readonly name: string
    readonly type?: 'text' | 'number' | 'money' | 'date'
    readonly label: LocalizedText
  }[]
  readonly roles: readonly { readonly id: string; readonly name: LocalizedText }[]
}

export const library: readonly LibraryText[] = [confidentiality, services, authorisation]

const blank: Omit<LibraryText, 'code'> = {
  title: { ar: 'اتفاقية', en: 'Agreement', bg: 'Споразумение' },
  preamble: { ar: '', en: '', bg: '' },
  clauses: [
    {
      heading: { ar: 'موضوع الاتفاقية', en: 'Subject', bg: 'Предмет' },
      body: { ar: 'اكتب هنا نص البند.', en: 'Write the text of the clause here.', bg: 'Напишете тук текста на клаузата.' },
    },
  ],
  mergeFields: [],
  roles: [{ id: 'signer', name: { ar: 'الموقّع', en: 'Signer', bg: 'Подписващ' } }],
}

/** A text of the library, or an empty one, in these languages; the first leads. */
export function libraryText(
  code: string,
  languages: readonly Locale[],
): { readonly content: TextContentInput; readonly roles: TemplateRoleInput[] } {
  const text = library.find((one) => one.code === code) ?? blank
  const chosen = (texts: LocalizedText): Partial<Record<Locale, string>> =>
    Object.fromEntries(languages.flatMap((language) => (texts[language] === '' ? [] : [[language, texts[language]]])))
  const [first = 'ar'] = languages
  return {
    content: {
      kind: 'text',
      languages: [...languages],
      title: chosen(text.title),
      preamble: chosen(text.preamble),
      clauses: text.clauses.map(({ heading, body }) => ({ heading: chosen(heading), body: chosen(body) })),
      ...(languages.length === 2 ? { prevailing: first } : {}),
      mergeFields: text.mergeFields.map((field) => ({ ...field, label: field.label })),
    },
    roles: text.roles.map(({ id, name }, index) => ({
      id,
      name: [...new Set(languages.map((language) => name[language]))].join(' / '),
      group: index + 1,
    })),
  }
}
