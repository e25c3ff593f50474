// Mocha's spec reporter, which also leaves the counts and what failed in the file that run-tests.mjs names.
const { writeFileSync } = require('node:fs')
const { relative } = require('node:path')
const { reporters, Runner } = require('mocha')

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    const failed = []
    runner.on(Runner.constants.EVENT_TEST_FAIL, (test, error) => {
      const file = relative(process.cwd(), test.file ?? '')
      failed.push({ file, title: test.titlePath().join(' › '), why: error.stack ?? String(error) })
    })
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes = 0, failures = 0, pending = 0 } = this.stats
      const { KHATM_TEST_RESULTS: results } = process.env
      if (results !== undefined)
        writeFileSync(results, JSON.stringify({ passed: passes, failed: failures, skipped: pending, failures: failed }))
    })
  }
}
