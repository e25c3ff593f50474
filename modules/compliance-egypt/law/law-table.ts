import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { Fault } from '../../../core/i18n/fault.js'

const localized = z.strictObject({ ar: z.string().min(1), en: z.string().min(1), bg: z.string().min(1) })

/** `confirmed`: read in the text of the decree itself; `unconfirmed`: as others tell it, or perhaps amended since. */
const articleShape = z.strictObject({
  article: z.string().regex(/^\d+(\(\w+\))?(-\(\w\))?$/),
  demands: localized,
  check: z.string().min(1),
  from: z.iso.date(),
  to: z.iso.date().nullable(),
  source: z.string().min(1),
  status: z.enum(['confirmed', 'unconfirmed']),
})

const lawShape = z
  .strictObject({
    checked: z.iso.date(),
    source: z.string().min(1),
    amendments: z.strictObject({ status: z.enum(['confirmed', 'unconfirmed']), note: localized }),
    register: z.strictObject({ url: z.url({ protocol: /^https$/ }), status: z.enum(['confirmed', 'unconfirmed']) }),
    articles: z.array(articleShape).min(1),
  })
  .superRefine(({ articles }, context) => {
    const seen = new Set<string>()
    for (const [index, { article, from, to }] of articles.entries()) {
      if (seen.has(`${article} ${from}`)) context.addIssue({ code: 'custom', path: ['articles', index, 'article'], message: 'twice' })
      if (to !== null && to < from) context.addIssue({ code: 'custom', path: ['articles', index, 'to'], message: 'ends before it begins' })
      seen.add(`${article} ${from}`)
    }
  })

export type LawTable = z.infer<typeof lawShape>
export type LawArticle = LawTable['articles'][number]

/** @throws Fault EG-LAW-TABLE naming the place that is wrong */
export function readLawTable(text: string): LawTable {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (error) {
    throw new Fault('EG-LAW-TABLE', { params: { place: 'JSON' }, cause: error })
  }
  const read = lawShape.safeParse(raw)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new Fault('EG-LAW-TABLE', { params: { place: `${issue?.path.join('.') ?? ''} (${issue?.message ?? ''})` }, cause: read.error })
}

let table: LawTable | undefined

/** Demands of Law 15/2004 and Executive Regulations 109/2005 and how each is met here; read and checked once, at the boot. */
export function lawTable(): LawTable {
  table ??= readLawTable(readFileSync(new URL('./law.json', import.meta.url), 'utf8'))
  return table
}

/** Rows that were in force on a day, `YYYY-MM-DD`. */
export function lawOn(day: string): readonly LawArticle[] {
  return lawTable().articles.filter(({ from, to }) => from <= day && (to === null || to >= day))
}
