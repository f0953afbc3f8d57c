import { lingeringCase } from '../registration/lingering.ts';

export default lingeringCase('register', 'platform/prereg/close-after-reply', {
  en: 'A device that was added and leaves its registration connection open is cut off after 15 s',
  'zh-CN': '已添加的设备若不关闭注册连接，平台在 15 秒后断开',
});
