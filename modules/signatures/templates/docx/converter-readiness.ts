import type { Readiness } from '../../../../core/hooks/core-points.js'
import { findConverter } from './convert-docx.js'

/** Line of `khatm doctor`: whether Word documents can be uploaded. Nothing else waits for it. */
export async function converterReadiness(): Promise<readonly Readiness[]> {
  const program = await findConverter()
  return [
    {
      code: 'SIGNATURES-DOCX-NO-CONVERTER',
      ready: program !== undefined,
      text: {
        ar: 'تحويل مستندات Word المرفوعة للتوقيع إلى PDF (LibreOffice)',
        en: 'Word documents uploaded for signature are converted to PDF (LibreOffice)',
        bg: 'Документите на Word, качени за подпис, се преобразуват в PDF (LibreOffice)',
      },
      remedy: {
        ar: 'ثبّت الحزمة libreoffice-writer-nogui (أو libreoffice) على الخادم. ملفات PDF تُرفع دونها.',
        en: 'Install the package libreoffice-writer-nogui (or libreoffice) on the server. PDF files need none.',
        bg: 'Инсталирайте на сървъра пакета libreoffice-writer-nogui (или libreoffice). За PDF не е нужен.',
      },
    },
  ]
}
