/** Conditions on rows of `invoicing_invoice`, written as the indices of migrations/invoicing/0006 are. */

/** Not all of it is settled: what `invoicing_payment_state` calls not paid, partial or overdue. */
export const isOpenSql = `(invoicing_invoice.state = 'posted' and invoicing_invoice.settled < invoicing_invoice.payable)`

/** Open, and due before the day it is now where the company was when it was issued. */
export const isOverdueSql = `(${isOpenSql} and coalesce(invoicing_invoice.due_date < cast(now() at time zone invoicing_invoice.time_zone as date), false))`

/** Issued in the month it is now where the company was. The bound by days is wider than any zone, and lets an index be used. */
export const isOfThisMonthSql = `(invoicing_invoice.issue_date >= current_date - 33
  and date_trunc('month', invoicing_invoice.issue_date) = date_trunc('month', now() at time zone invoicing_invoice.time_zone))`

/** Payment state of a row in lists, judged by the date where the company is. */
export const paymentStateSql = `invoicing_payment_state(invoicing_invoice.state, invoicing_invoice.payable, invoicing_invoice.settled,
  invoicing_invoice.due_date, cast(now() at time zone invoicing_invoice.time_zone as date))`
