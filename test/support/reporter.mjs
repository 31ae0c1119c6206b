import Mocha from 'mocha';

/** Mocha's own report, closed by one plain line that any reader of the log can count. */
export default class SpecWithPlainTotals extends Mocha.reporters.Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
  }
}
