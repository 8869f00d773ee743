import type { Reporter, TestModule, TestSuite, TestCase, Vitest } from 'vitest/node';

/** Lists skipped tests at the end of a run, by their titles, which hold the reason. Silent when a name pattern chose the tests. */
export class SkippedReporter implements Reporter {
  private isFiltered = false;

  onInit({ config }: Vitest): void {
    this.isFiltered = config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.isFiltered) return;
    const skipped = modules.flatMap((module) =>
      [...module.children].filter(isSkipped).map(({ name }) => `  ${module.relativeModuleId}: ${name}`),
    );
    if (skipped.length > 0) console.log(['Skipped:', ...skipped, ''].join('\n'));
  }
}

const isSkipped = (task: TestSuite | TestCase): boolean =>
  task.type === 'test'
    ? task.result().state === 'skipped'
    : [...task.children.allTests()].every((test) => test.result().state === 'skipped');
