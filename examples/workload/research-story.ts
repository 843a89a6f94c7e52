export const RESEARCH_BUDGET_USD = '10.00';

/** What the assistant is asked, the source, and what a scripted model makes of it. The last costs more than is left. */
export const RESEARCH_TASKS = [
  {
    name: 'How many heat pumps are installed?',
    source: 'market-data',
    answer: 'In September 2026 France installed 41,300, Germany 26,150 and Sweden 11,800.',
  },
  {
    name: 'How efficient are they in the cold?',
    source: 'research-papers',
    answer: 'In 412 homes they gave 2.9 to 3.6 times the electricity that they took.',
  },
  {
    name: 'What may slow their production?',
    source: 'analyst-report',
    answer: 'Lead times of inverter boards, and changes of subsidies.',
  },
  {
    name: 'What changed in ten years?',
    source: 'full-archive',
    answer: 'That stands in the archive, which costs more than is left.',
  },
];

export const toPrompt = (question: string, url: string): string =>
  `${question} Read ${url} and answer in one sentence. If it cannot be paid, say so.`;
