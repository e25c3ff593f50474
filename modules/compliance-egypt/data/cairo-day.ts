import { localDay } from '../../../core/i18n/local-time.js'

/** The ISO day of a moment as Egypt counts it: what dated tables are asked with, and what is offered as today. */
export function cairoDay(at: Date): string {
  return localDay(at, 'Africa/Cairo')
}
