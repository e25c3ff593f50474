import type { RequestHandler } from 'express'
import { unstorableAt } from '../db/storable-text.js'
import { Fault } from '../i18n/fault.js'

/** Addresses: nothing of ours holds a zero byte. @throws Fault HTTP-REQUEST-MALFORMED (400) */
export const refuseZeroInAddress: RequestHandler = (request, _response, next) => {
  if (/%00/.test(request.originalUrl)) throw new Fault('HTTP-REQUEST-MALFORMED', { status: 400 })
  next()
}

/** Forms, after they were parsed. @throws Fault HTTP-REQUEST-MALFORMED (400) with the field */
export const refuseUnstorableForm: RequestHandler = (request, _response, next) => {
  const path = unstorableAt(request.body)
  if (path !== undefined) throw new Fault('HTTP-REQUEST-MALFORMED', { status: 400, path })
  next()
}
