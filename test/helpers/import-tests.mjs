// Mocha is to import test files and never to require them: TypeScript is read by hooks of `import`, and an error in a file is told as it is.
Object.defineProperty(process.features, 'require_module', { value: false, configurable: true })
