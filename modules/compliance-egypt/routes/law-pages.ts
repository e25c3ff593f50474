import { z } from 'zod'
import type { ModuleSetup } from '../../../core/host/module.js'
import { FileAnswer } from '../../../core/http/routes.js'
import { Fault } from '../../../core/i18n/fault.js'
import { examinationDossier } from '../law/examination-dossier.js'

/** The examination dossier of an invoice in one click. */
export function lawPages({ host, routes }: ModuleSetup): void {
  routes.page('get', '/documents/:invoiceId/dossier', ['invoicing.reader'], async ({ context, params }) => {
    const id = z.uuid().safeParse(params.invoiceId)
    if (!id.success) throw new Fault('EG-DOSSIER-NOT-SIGNED', { status: 404 })
    return new FileAnswer(await examinationDossier(host, context, id.data), 'application/zip', `dossier-${id.data}.zip`)
  })
}
