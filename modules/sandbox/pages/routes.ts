import express, { type Router } from 'express'
import type { CertificateAuthorities } from '../ca/authority.js'
import type { Units } from '../fatoora/units.js'
import type { Mailbox } from '../mailbox/mailbox.js'
import type { Sandbox } from '../start.js'
import type { Faults } from '../state/faults.js'

export function pageRoutes(_parts: {
  readonly sandbox: Sandbox
  readonly mails: Mailbox
  readonly units: Units
  readonly authorities: CertificateAuthorities
  readonly faults: Faults
}): Router {
  return express.Router()
}
