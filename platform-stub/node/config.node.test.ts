// A config file, right and wrong: each mistake is one line that names the place and the remedy, and never a secret.
import { describe, expect, it } from 'vitest';
import { UserError } from '../../kernel/errors.ts';
import { parseStubConfig, readStubConfig } from './config.node.ts';

const SECRET = 'ps0123456789abcd';

describe('a stub config', () => {
  it('is read as the design writes it', () => {
    const source = `products:
  - { productKey: a1Muster0001, productSecret: ${SECRET}, dynamicRegistration: true, devices: [unit-0001, { deviceName: unit-0002, deviceSecret: 0f48121e8cb55c65efba7e03f7000000 }] }
  - { productKey: a1Muster0002, productSecret: ${SECRET}, dynamicRegistration: false }
accessKeys: [{ id: testid, secret: testsecret }]
ports: { mqtt: 1883, api: 0 }
edition: doc2021
`;
    expect(parseStubConfig(source, 'stub.yaml')).toEqual({
      products: [
        {
          productKey: 'a1Muster0001',
          productSecret: SECRET,
          dynamicRegistration: true,
          devices: [{ deviceName: 'unit-0001' }, { deviceName: 'unit-0002', deviceSecret: '0f48121e8cb55c65efba7e03f7000000' }],
        },
        { productKey: 'a1Muster0002', productSecret: SECRET, dynamicRegistration: false, devices: [] },
      ],
      accessKeys: [{ id: 'testid', secret: 'testsecret' }],
      ports: { mqtt: 1883, api: 0 },
      edition: 'doc2021',
    });
  });

  it('an alias to nothing is a mistake of the file, not of ours', () => {
    expect(() => parseStubConfig('products: *x\n', 'stub.yaml')).toThrow(UserError);
  });

  it('may be JSON, and registration is on unless it says otherwise', () => {
    const config = parseStubConfig(JSON.stringify({ products: [{ productKey: 'a1', productSecret: SECRET }] }), 'stub.json');
    expect(config.products).toEqual([{ productKey: 'a1', productSecret: SECRET, dynamicRegistration: true, devices: [] }]);
    expect(config.ports).toEqual({});
  });

  const product = (more: string): string => `products: [{ productKey: a1Muster0001, productSecret: ${SECRET}, ${more} }]`;
  it.each([
    ['', 'the file is not a list of keys and values', /example/],
    ['{}', 'products is missing', /add/],
    ['products: []', 'products is empty', /one product/],
    ['products: a1', 'products is not a list', /- /],
    ['products: [{ productKey: a1Muster0001 }]', 'products[0].productSecret is missing', /add/],
    [`products: [{ productKey: a-1, productSecret: ${SECRET} }]`, 'products[0].productKey is no ProductKey', /letters or digits/],
    [`products: [{ productKey: 12345, productSecret: ${SECRET} }]`, 'products[0].productKey is not text', /quotes/],
    [`products: [{ productKey: a1, productSecret: 'with blank' }]`, 'products[0].productSecret has an illegal character', /1 to 63/],
    [product('devices: [unit-0001, un&t-0002]'), 'products[0].devices[1] is no DeviceName', /4 to 32/],
    [product('devices: [12345678]'), 'products[0].devices[0] is not text', /quotes/],
    [
      product('devices: [unit-0001, unit-0002, unit-0001]'),
      'products[0].devices[2] repeats DeviceName unit-0001 of products[0].devices[0]',
      /take one/,
    ],
    [product('devices: [unit-0001, { deviceName: unit-0001 }]'), 'products[0].devices[1] repeats DeviceName unit-0001', /take one/],
    [
      product('devices: [{ deviceName: unit-0001, secret: x }]'),
      'unknown key "secret" in products[0].devices[0]',
      /deviceName, deviceSecret/,
    ],
    [product('devices: [{ deviceSecret: abcd }]'), 'products[0].devices[0].deviceName is missing', /add/],
    [product('device: []'), 'unknown key "device" in products[0]', /dynamicRegistration, devices/],
    [product('dynamicRegistration: maybe'), 'products[0].dynamicRegistration is neither true nor false', /true or false/],
    [`${product('devices: []')}\nport: {}`, 'unknown key "port" in the file', /ports/],
    [`${product('devices: []')}\nports: { mqtt: 70000 }`, 'ports.mqtt is no port', /65535/],
    [`${product('devices: []')}\nports: { coap: 1 }`, 'unknown key "coap" in ports', /mqtt, mqtts/],
    [`${product('devices: []')}\nports: { mqtt: 1883, mqtts: 1883 }`, 'ports.mqtts repeats port 1883 of ports.mqtt', /take one/],
    [`${product('devices: []')}\nedition: doc1999`, 'edition is no edition', /doc2020/],
    [`${product('devices: []')}\naccessKeys: [{ id: a }]`, 'accessKeys[0].secret is missing', /add/],
    [
      `products: [{ productKey: a1, productSecret: ${SECRET} }, { productKey: a1, productSecret: ${SECRET} }]`,
      'products[1] repeats product a1 of products[0]',
      /take one/,
    ],
    ['products: [', 'line 1, column', /YAML/],
    ['products: []\nproducts: []', 'line 2, column 1', /YAML/],
  ])('that says %j is refused: %s', (source, what, remedy) => {
    let thrown: unknown;
    try {
      parseStubConfig(source, 'stub.yaml');
    } catch (error) {
      thrown = error;
    }
    if (!(thrown instanceof UserError)) expect.unreachable(String(thrown));
    expect(thrown.message).toContain(`stub.yaml: ${what}`);
    expect(thrown.message).not.toContain('\n');
    expect(thrown.message).not.toContain(SECRET);
    expect(thrown.remedy).toMatch(remedy);
    expect(thrown.exit).toBe(64);
  });

  it('that cannot be read is named', () => {
    expect(() => readStubConfig('/no/such/file.yaml')).toThrow(/\/no\/such\/file\.yaml/);
  });
});
