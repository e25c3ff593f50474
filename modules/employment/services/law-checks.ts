import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { lawsOn, lawValueOn } from '../data/documents.js'
import type { JobInput } from '../models/employee.js'
import type { LawRow, LawTopic } from '../models/law.js'

const dayMilliseconds = 86_400_000

/** Days from one ISO day to another, both counted. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / dayMilliseconds) + 1
}

/** The ISO day so many days later. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * dayMilliseconds).toISOString().slice(0, 10)
}

/** The same day so many months later, the last of the month where there is none. */
export function addMonths(day: string, months: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0)).getUTCDate()
  return new Date(Date.UTC(year, month - 1 + months, Math.min(date, last))).toISOString().slice(0, 10)
}

/**
 * The last day that a period of the law allows from its first day on. Working days are counted at five a week, so that a period is told
 * to be too long only when it is beyond doubt (six days a week would end earlier).
 */
export function lastDayOf(row: LawRow & { readonly value: number }, first: string): string {
  switch (row.unit) {
    case 'months':
      return addDays(addMonths(first, row.value), -1)
    case 'years':
      return addDays(addMonths(first, row.value * 12), -1)
    case 'working-days':
      return addDays(first, Math.ceil((row.value * 7) / 5) - 1)
    default:
      return addDays(first, row.value - 1)
  }
}

type Terms = Pick<
  JobInput,
  'country' | 'startDate' | 'probationEnd' | 'contractKind' | 'contractEnd' | 'hoursWeek' | 'leaveDays' | 'noticeDays' | 'nationality'
>

/**
 * Compares what is agreed with the dated rows of the country's law on the day the contract starts. A confirmed row makes an error when
 * a contract would break it, one that nobody confirmed a warning; both name law and article.
 */
export function checkTerms(terms: Terms, today: string, locale: Locale): FaultDetail[] {
  const { country } = terms
  const day = terms.startDate ?? today
  const faults: FaultDetail[] = []
  const blame = (row: LawRow, code: string, path: string, params: Record<string, string | number> = {}): void => {
    faults.push({
      code,
      path,
      level: row.status === 'confirmed' ? 'error' : 'warning',
      params: { law: row.law[locale], article: row.article, ...params },
    })
  }
  const value = (topic: LawTopic): (LawRow & { readonly value: number }) | undefined => lawValueOn(country, day, topic)

  const probation = value('probation.maximum')
  if (terms.probationEnd !== null && terms.startDate !== null) {
    if (terms.probationEnd < terms.startDate) faults.push({ code: 'EMPLOYMENT-PROBATION-BEFORE', path: 'probationEnd' })
    else if (probation !== undefined && terms.probationEnd > lastDayOf(probation, terms.startDate)) {
      blame(probation, 'EMPLOYMENT-LAW-PROBATION', 'probationEnd', { most: probation.value, last: lastDayOf(probation, terms.startDate) })
    }
  }
  const hours = value('hours.week')
  if (hours !== undefined && terms.hoursWeek !== null && Number(terms.hoursWeek) > hours.value)
    blame(hours, 'EMPLOYMENT-LAW-HOURS', 'hoursWeek', { most: hours.value })
  const leave = value('leave.annual')
  if (leave !== undefined && terms.leaveDays !== null && terms.leaveDays < leave.value)
    blame(leave, 'EMPLOYMENT-LAW-LEAVE', 'leaveDays', { least: leave.value })
  const notice = value('notice.employer')
  if (notice !== undefined && terms.contractKind === 'indefinite' && terms.noticeDays !== null && terms.noticeDays < notice.value)
    blame(notice, 'EMPLOYMENT-LAW-NOTICE', 'noticeDays', { least: notice.value })
  faults.push(...checkTermOfContract(terms, day, value, blame))
  return faults
}

function checkTermOfContract(
  terms: Terms,
  day: string,
  value: (topic: LawTopic) => (LawRow & { readonly value: number }) | undefined,
  blame: (row: LawRow, code: string, path: string, params?: Record<string, string | number>) => void,
): FaultDetail[] {
  if (terms.contractKind === 'indefinite') {
    const [foreigners] = lawsOn(terms.country, day, 'fixed-term.foreigners')
    if (foreigners !== undefined && terms.nationality !== null && terms.nationality !== terms.country)
      blame(foreigners, 'EMPLOYMENT-LAW-FOREIGNER', 'contractKind')
    return []
  }
  if (terms.contractEnd === null) return [{ code: 'EMPLOYMENT-CONTRACT-END-MISSING', path: 'contractEnd' }]
  if (terms.startDate === null) return []
  if (terms.contractEnd < terms.startDate) return [{ code: 'EMPLOYMENT-CONTRACT-END-BEFORE', path: 'contractEnd' }]
  const most = value('fixed-term.maximum')
  if (most !== undefined && terms.contractEnd > lastDayOf(most, terms.startDate))
    blame(most, 'EMPLOYMENT-LAW-TERM-LONG', 'contractEnd', { most: most.value })
  const least = value('fixed-term.minimum')
  if (least !== undefined && terms.contractEnd < lastDayOf(least, terms.startDate))
    blame(least, 'EMPLOYMENT-LAW-TERM-SHORT', 'contractEnd', { least: least.value })
  return []
}
