import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { selfSignedCertificate } from '../push/fixtures/certificate.ts'
import { readCertificate } from './certificate.ts'
import { StartError } from './start-error.ts'

const good = selfSignedCertificate('good')
const other = selfSignedCertificate('other')
const [certificateFile, keyFile] = ['cert.pem', 'key.pem']

t.test('a certificate with its key, in two files or in one', (t) => {
  const folder = t.testdir({
    'cert.pem': good.certificate,
    'key.pem': good.key,
    both: good.certificate + good.key,
  })
  const files = { certificateFile: path.join(folder, certificateFile), keyFile: path.join(folder, keyFile) }
  t.match(readCertificate(files), { ...good, ...files, validFrom: /2020 GMT$/, validTo: /2100 GMT$/ })
  const both = path.join(folder, 'both')
  t.match(readCertificate({ certificateFile: both, keyFile: both }), {
    certificate: good.certificate + good.key,
  })
  t.end()
})

t.test('what can not be used is told in one line, with the option and the file, and without the key', (t) => {
  const folder = t.testdir()
  const protectedKey = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
  }).privateKey
  const rows: [certificate: string | undefined, key: string | undefined, RegExp][] = [
    [undefined, good.key, /PUSHGRID_TLS_CERT_FILE names can't be read \(ENOENT\): .*cert\.pem$/],
    [good.certificate, undefined, /PUSHGRID_TLS_KEY_FILE names can't be read \(ENOENT\): .*key\.pem$/],
    ['', good.key, /PUSHGRID_TLS_CERT_FILE names holds no certificate in PEM: .*cert\.pem$/],
    [good.key, good.key, /PUSHGRID_TLS_CERT_FILE names holds no certificate in PEM/],
    [good.certificate.slice(0, 300), good.key, /PUSHGRID_TLS_CERT_FILE names holds no certificate in PEM/],
    [
      good.certificate,
      good.certificate,
      /PUSHGRID_TLS_KEY_FILE names holds no private key in PEM: .*key\.pem$/,
    ],
    [good.certificate, good.key.slice(0, 100), /PUSHGRID_TLS_KEY_FILE names holds no private key in PEM/],
    [good.certificate, protectedKey, /PUSHGRID_TLS_KEY_FILE names is protected by a passphrase/],
    [good.certificate, other.key, /key in .*key\.pem \(PUSHGRID_TLS_KEY_FILE\) is not that of the first/],
    [
      `${good.certificate}${good.certificate.slice(0, 200)}\n-----END CERTIFICATE-----\n`,
      good.key,
      /can't be used/,
    ],
  ]
  for (const [index, [certificate, key, message]] of rows.entries()) {
    const [one, two] = [path.join(folder, `${index}-cert.pem`), path.join(folder, `${index}-key.pem`)]
    if (certificate !== undefined) writeFileSync(one, certificate)
    if (key !== undefined) writeFileSync(two, key)
    t.throws(() => readCertificate({ certificateFile: one, keyFile: two }), { name: 'StartError', message })
    try {
      readCertificate({ certificateFile: one, keyFile: two })
    } catch (error) {
      t.ok(error instanceof StartError && !/[\r\n]|PRIVATE KEY/.test(error.message))
    }
  }
  t.end()
})
