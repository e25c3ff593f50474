import { algorithms, excludedPaths } from '../stamp/signature-block.js'
import { signatureNames, ubl } from '../ubl/names.js'
import type { Pattern } from './pattern.js'

const ds = (local: string, rest: Omit<Pattern, 'namespace' | 'local'> = {}): Pattern => ({ namespace: ubl.ds, local, ...rest })
const xades = (local: string, rest: Omit<Pattern, 'namespace' | 'local'> = {}): Pattern => ({ namespace: ubl.xades, local, ...rest })
const ext = (local: string, rest: Omit<Pattern, 'namespace' | 'local'> = {}): Pattern => ({ namespace: ubl.ext, local, ...rest })
const cbc = (local: string, rest: Omit<Pattern, 'namespace' | 'local'> = {}): Pattern => ({ namespace: ubl.cbc, local, ...rest })
const cac = (local: string, rest: Omit<Pattern, 'namespace' | 'local'> = {}): Pattern => ({ namespace: ubl.cac, local, ...rest })

const digestMethod = ds('DigestMethod', { attributes: { Algorithm: algorithms.digest } })

const signedInfo = ds('SignedInfo', {
  children: [
    ds('CanonicalizationMethod', { attributes: { Algorithm: algorithms.canonical } }),
    ds('SignatureMethod', { attributes: { Algorithm: algorithms.signature } }),
    ds('Reference', {
      attributes: { Id: 'invoiceSignedData', URI: '' },
      children: [
        ds('Transforms', {
          children: [
            ...excludedPaths.map((path) =>
              ds('Transform', { attributes: { Algorithm: algorithms.xpath }, children: [ds('XPath', { text: path })] }),
            ),
            ds('Transform', { attributes: { Algorithm: algorithms.canonical } }),
          ],
        }),
        digestMethod,
        ds('DigestValue', { capture: 'hash' }),
      ],
    }),
    ds('Reference', {
      attributes: { Type: algorithms.propertiesType, URI: '#xadesSignedProperties' },
      children: [digestMethod, ds('DigestValue', { capture: 'propertiesDigest' })],
    }),
  ],
})

const qualifyingProperties = xades('QualifyingProperties', {
  attributes: { Target: 'signature' },
  children: [
    xades('SignedProperties', {
      attributes: { Id: 'xadesSignedProperties' },
      children: [
        xades('SignedSignatureProperties', {
          children: [
            xades('SigningTime', { capture: 'signingTime' }),
            xades('SigningCertificate', {
              children: [
                xades('Cert', {
                  children: [
                    xades('CertDigest', { children: [digestMethod, ds('DigestValue', { capture: 'certificateDigest' })] }),
                    xades('IssuerSerial', {
                      children: [ds('X509IssuerName', { capture: 'issuer' }), ds('X509SerialNumber', { capture: 'serial' })],
                    }),
                  ],
                }),
              ],
            }),
          ],
        }),
      ],
    }),
  ],
})

/**
 * ext:UBLExtensions as every Saudi stamp has it. SignedInfo is not what is signed, so algorithms, transforms and references are
 * compared here one by one: what is not compared would not be protected.
 */
export const extensionsPattern = ext('UBLExtensions', {
  children: [
    ext('UBLExtension', {
      children: [
        ext('ExtensionURI', { text: signatureNames.method }),
        ext('ExtensionContent', {
          children: [
            {
              namespace: ubl.sig,
              local: 'UBLDocumentSignatures',
              children: [
                {
                  namespace: ubl.sac,
                  local: 'SignatureInformation',
                  children: [
                    cbc('ID', { text: signatureNames.information }),
                    { namespace: ubl.sbc, local: 'ReferencedSignatureID', text: signatureNames.referenced },
                    ds('Signature', {
                      attributes: { Id: 'signature' },
                      children: [
                        signedInfo,
                        ds('SignatureValue', { capture: 'signature' }),
                        ds('KeyInfo', { children: [ds('X509Data', { children: [ds('X509Certificate', { capture: 'certificate' })] })] }),
                        ds('Object', { children: [qualifyingProperties] }),
                      ],
                    }),
                  ],
                },
              ],
            },
          ],
        }),
      ],
    }),
  ],
})

export const signatureReferencePattern = cac('Signature', {
  children: [cbc('ID', { text: signatureNames.referenced }), cbc('SignatureMethod', { text: signatureNames.method })],
})

export const qrReferencePattern = cac('AdditionalDocumentReference', {
  children: [
    cbc('ID', { text: 'QR' }),
    cac('Attachment', { children: [cbc('EmbeddedDocumentBinaryObject', { attributes: { mimeCode: 'text/plain' }, capture: 'qr' })] }),
  ],
})
