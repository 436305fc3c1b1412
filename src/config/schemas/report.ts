import Type from 'typebox'
import { reportForms, reportPeriods } from '../../model/report.ts'
import { closed, line, name } from './parts.ts'

const plannedReport = Type.Object(
  {
    name: name('name of the report'),
    period: Type.Enum([...reportPeriods], {
      title: 'period',
      description: 'what it is about: the week, month, quarter, half_year or year before',
    }),
    class: Type.Optional(
      Type.Array(line('a class of devices'), {
        description: 'classes of devices, as [network, ups]; all by default',
        maxItems: 64,
      }),
    ),
    language: Type.Optional(
      Type.Enum(['en', 'zh'], { title: 'language', description: 'en or zh; that of the site by default' }),
    ),
    forms: Type.Array(Type.Enum([...reportForms], { title: 'form' }), {
      description: 'html, pdf (needs Chromium), xlsx',
      minItems: 1,
      maxItems: 3,
      uniqueItems: true,
      default: ['html', 'xlsx'],
    }),
    at: Type.String({
      title: 'time of day',
      pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
      description: 'when it is written, on the day after the period; 08:00 by default',
      default: '08:00',
    }),
    keep: Type.Integer({ description: 'how many of it stay in the folder', minimum: 1, maximum: 10_000, default: 120 }),
  },
  closed,
)

/** Reports that siteward writes by itself. */
export const siteReports = Type.Object(
  {
    folder: line('where they are written, relative to this file'),
    announce: Type.Boolean({
      description: 'tell Alertmanager of each that was written (alert ReportWritten, for an hour); false by default',
      default: false,
    }),
    schedule: Type.Array(plannedReport, { description: 'which, and when', maxItems: 64, default: [] }),
  },
  { ...closed, description: 'inspection reports on a schedule: docs/reports.md' },
)
