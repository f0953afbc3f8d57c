import { CLIENT_IDS_PER_DEVICE } from '../../../protocol/limits.ts';
import { definePlatformCase } from '../../engine/case.ts';

const LABELS = Array.from({ length: CLIENT_IDS_PER_DEVICE }, (_, i) => `unit-${i + 1}`);

// All five places of a name are taken when it is deleted. Whether tokens die with it and whether the count starts anew are readings.
export default definePlatformCase({
  id: 'platform/operator/delete-token-device',
  title: {
    en: 'After a preregistration-free device is deleted: its tokens, and the count of its ClientIDs',
    'zh-CN': '免预注册设备删除之后：其 Token 与 ClientID 计数',
  },
  profiles: ['nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const deviceName = t.name('shared');
    const units = LABELS.map((label) => t.unit(label, { mode: 'regnwl', deviceName }));
    for (const [i, unit] of units.entries()) {
      await t.pace();
      await unit.register(`registers-${i + 1}`);
      await unit.connect(`connects-${i + 1}`);
      await unit.disconnect(`leaves-${i + 1}`);
    }
    await t.operator.deleteDevice('deleted', deviceName);
    await t.pace();
    await units[0]?.connect('old-token-while-deleted');
    await t.pace();
    const fresh = t.unit('fresh', { mode: 'regnwl', deviceName });
    await fresh.register('registers-after-delete');
    await t.pace();
    await units[0]?.connect('old-token-after-delete');
    await t.operator.readDevice('exists', deviceName);
  },
  checks: [
    { id: 'five-registered', rule: 'RULE-38', oracle: 'distinctClientIds', on: { attempts: LABELS.map((_, i) => `registers-${i + 1}`) } },
    { id: 'old-token', rule: 'RULE-35', oracle: 'answers', on: { attempts: ['old-token-while-deleted', 'old-token-after-delete'] } },
    { id: 'count', rule: 'RULE-35', oracle: 'answers', on: { attempts: ['registers-after-delete'] } },
  ],
});
