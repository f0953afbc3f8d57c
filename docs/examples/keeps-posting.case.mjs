// A case of your own: a unit that registered and connected posts ten times, and every post is answered.

/** @type {import('@muster-iot/muster/case').PlatformCaseModule} */
export default {
  id: 'acme/data/keeps-posting',
  title: { en: 'Ten posts in a row are answered', 'zh-CN': '连续十次上报均得到应答' },
  profiles: ['nwl'],
  async drive(t) {
    const unit = t.unit('unit', { mode: 'regnwl', deviceName: t.name('unit') });
    await unit.boot('boot');
    for (let n = 1; n <= 10; n += 1) {
      await unit.post(`post-${n}`);
      await t.wait(1_000);
    }
  },
  checks: [
    { id: 'boots', rule: 'ACME-01', class: 'M', oracle: 'accepted', on: { attempt: 'boot' } },
    { id: 'tenth-post', rule: 'ACME-01', class: 'M', oracle: 'accepted', on: { attempt: 'post-10' } },
  ],
};
