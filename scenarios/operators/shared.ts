// What cases share where no product can be made for each: the target's own, whose switch is on. And the operator of nobody.
import { NotDone, type CaseProduct, type Operator } from '../engine/operator.ts';

/** Provides the target's product once, to one case. A case that needs a second one is not run. */
export function oneProduct(product: CaseProduct): Operator['provideProduct'] {
  let given = false;
  return () => {
    if (given) {
      return Promise.reject(
        new NotDone({ en: 'the target has one product, the case needs another', 'zh-CN': '目标只有一个产品，而用例需要另一个产品' }),
      );
    }
    given = true;
    return Promise.resolve(product);
  };
}

/** Nobody administers the target: whatever a case asks of an operator is not done. */
export function nobody(product: CaseProduct): Operator {
  const refuse = (): Promise<never> => Promise.reject(new NotDone({ en: 'the target has no administrator', 'zh-CN': '目标没有管理员' }));
  return {
    provideProduct: oneProduct(product),
    setDynamicRegistration: refuse,
    addDevice: refuse,
    deleteDevice: refuse,
    resetThing: refuse,
    disable: refuse,
    enable: refuse,
    readDevice: refuse,
    clientIds: refuse,
    switchClientId: refuse,
    clearClientIds: refuse,
  };
}
