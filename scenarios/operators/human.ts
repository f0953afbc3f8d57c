// A person at the platform's console, asked one step at a time. How the question reaches them is the caller's: a terminal, a page.
import { within, type Clock } from '../../kernel/clock.ts';
import type { Said } from '../judge/verdict.ts';
import { NotDone, OperatorFault, type CaseProduct, type DeviceReading, type Operator } from '../engine/operator.ts';
import { oneProduct } from './shared.ts';

/** One thing to do, or to read and tell. */
export interface HumanStep {
  readonly case: string;
  readonly says: Said;
  readonly kind: 'do' | 'read';
  /** What may be answered to a reading; free text where there are none. */
  readonly choices?: readonly string[];
  /** Why the same step is asked again. */
  readonly complaint?: Said;
}

/**
 * Puts a step to a person; resolves with what they answered: empty for done, `refused` where the platform would not, `n` where it cannot be
 * done or read, `skip`, `quit`, else a reading; undefined where nobody is there to answer. `signal` withdraws the question.
 */
export type Ask = (step: HumanStep, signal: AbortSignal) => Promise<string | undefined>;

/** What a person answered, and when. */
export interface HumanAnswer {
  readonly case: string;
  readonly what: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly answer: string;
}

export interface HumanOptions {
  readonly case: string;
  readonly product: CaseProduct;
  readonly ask: Ask;
  readonly clock: Clock;
  /** How long one step may take, milliseconds. */
  readonly patienceMs: number;
  readonly answered: (answer: HumanAnswer) => void;
  /** Called when the person ends the run. */
  readonly quit: () => void;
}

export const STOPPED: Said = { en: 'the person at the console ended the run', 'zh-CN': '控制台操作人员结束了运行' };

const STATUSES = ['UNACTIVE', 'ONLINE', 'OFFLINE', 'DISABLE', 'none'] as const;

/** The operator of one case; its steps are answered by a person. */
export function humanOperator(options: HumanOptions): Operator {
  const { clock, answered } = options;

  async function put(step: HumanStep, told: Said = step.says): Promise<string> {
    const withdraw = new AbortController();
    const answer = await within(clock, options.patienceMs, options.ask(step, withdraw.signal), () => 'late' as const);
    withdraw.abort();
    const seconds = options.patienceMs / 1_000;
    if (answer === 'late')
      throw new NotDone({
        en: `nobody answered within ${seconds} s: ${told.en}`,
        'zh-CN': `${seconds} 秒内无人回答：${told['zh-CN']}`,
      });
    if (answer === undefined) throw new NotDone({ en: 'nobody is there to act at the console', 'zh-CN': '没有人可以操作控制台' });
    const text = answer.trim();
    answered({ case: options.case, what: told.en, at: clock.now(), answer: text === '' ? 'done' : text });
    if (text === 'quit') {
      options.quit();
      throw new NotDone(STOPPED);
    }
    if (text === 'skip' || text === 'n') {
      const [en, zh] = text === 'skip' ? ['was skipped', '被跳过'] : ['cannot be done or read', '无法执行或读取'];
      throw new NotDone({
        en: `the step ${en} by the person at the console: ${told.en}`,
        'zh-CN': `操作人员的步骤${zh}：${told['zh-CN']}`,
      });
    }
    // An answer of the platform, not a lack of ours: it may be what the case is about.
    if (step.kind === 'do' && text === 'refused') throw new OperatorFault(`the platform refused: ${told.en}`);
    return text;
  }

  /** @param told what the report says of the step, where the step itself holds a secret */
  const act = async (says: Said, told: Said = says): Promise<void> => {
    await put({ case: options.case, says, kind: 'do' }, told);
  };
  /** Asks until `read` makes something of the answer. */
  async function reading<T>(says: Said, choices: readonly string[] | undefined, read: (text: string) => T | undefined): Promise<T> {
    let complaint: Said | undefined;
    for (;;) {
      const step: HumanStep = {
        case: options.case,
        says,
        kind: 'read',
        ...(choices ? { choices } : {}),
        ...(complaint ? { complaint } : {}),
      };
      const value = read(await put(step));
      if (value !== undefined) return value;
      complaint = choices
        ? { en: `answer one of ${choices.join(', ')}, or n`, 'zh-CN': `请回答 ${choices.join('、')} 之一，或 n` }
        : { en: 'an answer is needed, or n', 'zh-CN': '请作答，或输入 n' };
    }
  }
  const oneOf =
    <T extends string>(all: readonly T[]) =>
    (text: string): T | undefined =>
      all.find((one) => one.toLowerCase() === text.toLowerCase());

  return {
    provideProduct: oneProduct(options.product),
    setDynamicRegistration: (pk, on) =>
      act({
        en: `Open the product ${pk} and turn Dynamic Registration ${on ? 'on' : 'off'}`,
        'zh-CN': `打开产品 ${pk}，将动态注册${on ? '开启' : '关闭'}`,
      }),
    addDevice(pk, name, secret) {
      const told: Said = { en: `In the product ${pk}, add a device named ${name}`, 'zh-CN': `在产品 ${pk} 中添加名为 ${name} 的设备` };
      if (secret === undefined) return act(told);
      const says: Said = {
        en: `In the product ${pk}, import a device named ${name} with the DeviceSecret ${secret}`,
        'zh-CN': `在产品 ${pk} 中导入名为 ${name} 的设备，DeviceSecret 为 ${secret}`,
      };
      return act(says, told);
    },
    deleteDevice: (pk, name) => act({ en: `In the product ${pk}, delete the device ${name}`, 'zh-CN': `在产品 ${pk} 中删除设备 ${name}` }),
    resetThing: (pk, name) =>
      act({
        en: `Call the API ResetThing for the device ${name} of the product ${pk}`,
        'zh-CN': `对产品 ${pk} 的设备 ${name} 调用 ResetThing 接口`,
      }),
    disable: (pk, name) => act({ en: `In the product ${pk}, disable the device ${name}`, 'zh-CN': `在产品 ${pk} 中禁用设备 ${name}` }),
    enable: (pk, name) => act({ en: `In the product ${pk}, enable the device ${name}`, 'zh-CN': `在产品 ${pk} 中启用设备 ${name}` }),
    async readDevice(pk, name): Promise<DeviceReading | undefined> {
      const status = await reading(
        {
          en: `Open the device ${name} of the product ${pk}: which status is shown (none: there is no such device)?`,
          'zh-CN': `打开产品 ${pk} 的设备 ${name}：显示的状态是什么（none：没有该设备）？`,
        },
        STATUSES,
        oneOf(STATUSES),
      );
      if (status === 'none') return undefined;
      if (status !== 'DISABLE') return { status, activated: status !== 'UNACTIVE' };
      const shown = await reading(
        { en: `Does the device ${name} show a time of activation?`, 'zh-CN': `设备 ${name} 是否显示激活时间？` },
        ['yes', 'no'],
        oneOf(['yes', 'no']),
      );
      return { status, activated: shown === 'yes' };
    },
    clientIds: (pk, name) =>
      reading(
        {
          en: `Open the device ${name} of the product ${pk}: which ClientIDs are listed (separated by spaces; none: the list is empty)?`,
          'zh-CN': `打开产品 ${pk} 的设备 ${name}：列出了哪些 ClientID（以空格分隔；none：列表为空）？`,
        },
        undefined,
        (text) => (text === '' ? undefined : text === 'none' ? [] : text.split(/[\s,]+/)),
      ),
    switchClientId: (pk, name, clientId) =>
      act({
        en: `In the list of ClientIDs of the device ${name} (product ${pk}), choose Switch at ${clientId}`,
        'zh-CN': `在产品 ${pk} 的设备 ${name} 的 ClientID 列表中，对 ${clientId} 执行“切换”`,
      }),
    clearClientIds: (pk, name) =>
      act({
        en: `In the list of ClientIDs of the device ${name} (product ${pk}), choose Clear`,
        'zh-CN': `在产品 ${pk} 的设备 ${name} 的 ClientID 列表中，执行“清空”`,
      }),
    setProperty: (pk, name, items) =>
      act({
        en: `Send the device ${name} of the product ${pk} a property set: ${JSON.stringify(items)}`,
        'zh-CN': `向产品 ${pk} 的设备 ${name} 下发属性设置：${JSON.stringify(items)}`,
      }),
  };
}
