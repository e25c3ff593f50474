/** Which files a dossier has, so that each command in it is one that can be run. */
export interface DossierFiles {
  readonly names: readonly string[]
  /** Each token with the certificates that end its path, when the dossier has them. */
  readonly timeStamps: readonly { readonly token: string; readonly authority: string | null }[]
  /** Tokens over heads of the event log. */
  readonly logStamps: readonly { readonly token: string; readonly hash: string }[]
}

/** One line per check, to be run in the unpacked folder: no program of ours stands between the examiner and the proof. */
export function dossierCommands({ names, timeStamps, logStamps }: DossierFiles): string[] {
  const has = (name: string): boolean => names.includes(name)
  const signed = has('signature.p7s') && has('canonical.txt')
  return [
    'sha256sum -c SHA256SUMS',
    ...(signed && has('certificates/issuers.pem')
      ? [
          'openssl cms -verify -cades -inform DER -in signature.p7s -content canonical.txt -binary -CAfile certificates/issuers.pem -purpose any -out /dev/null',
        ]
      : []),
    ...(has('signature.p7s') ? ['openssl cms -cmsout -print -noout -inform DER -in signature.p7s'] : []),
    ...(has('certificates/signer.pem') ? ['openssl x509 -in certificates/signer.pem -noout -text'] : []),
    ...names.filter((name) => name.endsWith('.crl')).map((name) => `openssl crl -inform DER -in ${name} -noout -text`),
    ...names.filter((name) => name.endsWith('.ocsp')).map((name) => `openssl ocsp -respin ${name} -resp_text -noverify`),
    ...timeStamps.flatMap(({ token, authority }) => [
      `openssl ts -reply -token_in -in ${token} -text`,
      ...(authority === null || !has('signature-value.bin')
        ? []
        : [`openssl ts -verify -data signature-value.bin -token_in -in ${token} -CAfile ${authority}`]),
    ]),
    // The token is over the head itself: its imprint is the last hash of the chain.
    ...logStamps.map(({ token, hash }) =>
      has('time-stamps/authorities.pem')
        ? `openssl ts -verify -digest ${hash} -token_in -in ${token} -CAfile time-stamps/authorities.pem`
        : `openssl ts -reply -token_in -in ${token} -text`,
    ),
  ]
}

/** README of a dossier: what lies in it and how it is checked, Arabic first. */
export function dossierReadme(number: string, files: DossierFiles): string {
  return `ملف فحص التوقيع الإلكتروني للمستند ${number}
القانون ١٥ لسنة ٢٠٠٤، اللائحة التنفيذية ١٠٩ لسنة ٢٠٠٥، المادة ٧

يُفتح التقرير من report.pdf، وبياناته كاملة في report.json. لفحص كل شيء بغير برامجنا نفّذ الأوامر التالية في هذا المجلد.

Examination dossier of the electronic signature of document ${number}
Law 15/2004, Executive Regulations 109/2005, Art. 7

document.json         the document, byte for byte as it was examined
canonical.txt         the text under the signature, made of document.json alone
signature.p7s         the signature (CMS, DER), taken out of document.json
signature-value.bin   its value: what time stamps are over
certificates/         signer.pem; issuers.pem, as the key had them or as they are pinned for Egypt
revocation/           lists and OCSP answers, kept since the signature or got for this dossier; report.json says which
time-stamps/          tokens (RFC 3161) over signature-value.bin
evidence.json         key, device, mandate, who asked, whether somebody was there
event-log.json        events of this document; each hash is SHA-256(previous hash || event as canonical JSON)
log-stamps/           tokens over a head of that log after the signing. The events between are other people's and not here: that
                      the chain leads from this document to that head the issuing house computed, and report.json says the result.
                      The file of heads ("anchor") lies outside the database but on the machine of that house.
report.json           what is shown, not shown and contradicted, article by article, and where the proof lies

A file that is not here could not be had; report.json says why.

Commands:

${dossierCommands(files)
  .map((line) => `  ${line}`)
  .join('\n')}
`
}
