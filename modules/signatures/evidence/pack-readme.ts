import { locales } from '../../../core/i18n/locale.js'
import type { Host } from '../../../core/host/module.js'
import type { SignRequest } from '../models/request.js'

/** How to check the pack with programs that everybody has, in three languages; the commands stand once. */
export function packReadme(host: Pick<Host, 'i18n'>, request: Pick<SignRequest, 'number' | 'name'>): string {
  const say = (key: string): string[] =>
    locales.map((locale) => host.i18n.text(locale, `signatures.evidence.readme.${key}`, { number: request.number, name: request.name }))
  const part = (key: string, commands: readonly string[] = []): string => [...say(key), ...commands.map((line) => `    ${line}`)].join('\n')
  return `${[
    part('intro'),
    part('files'),
    part('khatm', ['khatm verify PACK.asice --trust roots.pem']),
    part('openssl', [
      'unzip PACK.asice -d pack && cd pack',
      'openssl cms -verify -cades -binary -inform DER -in META-INF/signature001.p7s -content META-INF/ASiCManifest001.xml -CAfile ../roots.pem -purpose any -out /dev/null',
      'openssl dgst -sha256 -binary document.pdf | base64        # = DigestValue in META-INF/ASiCManifest001.xml',
      'openssl ts -verify -data META-INF/ASiCArchiveManifest.xml -in META-INF/timestamp001.tst -token_in -CAfile ../roots.pem',
    ]),
    part('pdf', [
      'pdfsig document.pdf',
      // Into a folder of its own: the log beside it is what it is compared with. The pack's log may go on behind the sealed one.
      'mkdir ../sealed-log && pdfdetach -saveall -o ../sealed-log event-log.pdf',
      'head -c "$(wc -c < ../sealed-log/events.ndjson)" events.ndjson | cmp - ../sealed-log/events.ndjson',
    ]),
    part('dss'),
    part('chain'),
    part('trust'),
  ].join('\n\n')}\n`
}
