import { lingeringCase } from './lingering.ts';

export default lingeringCase('regnwl', 'platform/registration/close-after-reply', {
  en: 'A registration connection that the device leaves open is ended by the platform after 15 s',
  'zh-CN': '设备不关闭的注册连接由平台在 15 秒后断开',
});
