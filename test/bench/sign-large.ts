import { readFileSync, writeFileSync } from 'node:fs'
import { signPdf } from '../../core/signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../core/signing/test/test-authority.js'
import { localEvidence, localTimeStamps } from './local-authorities.js'

/** A process of its own that signs one file at level LT and tells its time and the most memory it ever had. */
const [, , input = '', output = ''] = process.argv
const root = issueCertificate({ commonName: 'Root', ca: true })
const signer = signerOf(issueCertificate({ commonName: 'Seal', algorithm: 'rsa-2048', issuer: root }), [root])
const pdf = readFileSync(input)
const started = performance.now()
const signed = await signPdf(pdf, {
  signer,
  signedAt: new Date('2026-11-22T10:30:00Z'),
  level: 'LT',
  timeStamp: localTimeStamps(root),
  evidence: localEvidence(root),
})
const milliseconds = performance.now() - started
const megabytes = process.resourceUsage().maxRSS / 1024
writeFileSync(output, signed.pdf)
process.stdout.write(JSON.stringify({ milliseconds, megabytes, level: signed.level, added: signed.pdf.length - pdf.length }))
