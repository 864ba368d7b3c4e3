/**
 * Loop: state golden — the state directory of a member as the first released format has it, and a
 * backup of it with its keys: of a mesh of two that lived for half a minute, to be read for ever.
 *
 * A test that fails here has found a break of the format: change the code back, or read both forms;
 * never these lines.
 */

/** Name → content, base64. */
export const GOLDEN_STATE: Readonly<Record<string, string>> = {
  acquaintances:
    'emd4Znl5amxleTJ4Z2s3d2huZnZneGpuZGJhZGYzcmo1cDJxaWk0Zmd6a3pnaWpvd3ZtcSAxOTIuMC4yLjIg' +
    'NzMwMAo=',
  'audit-0000000001-1795966588995':
    'Y25zbW8tam91cm5hbC0xCgAAAcPep8jXqGF2AWRib2R5WPwBAYDG3uoCAAMBAmt27AGkY2hsY4IbAAABoifz' +
    'VJQAZHBhdGh4QHRydXN0L2Fkb3B0L3lucWp0eno0dnpsd2RibnpjMmdtY3B5NXlueTZ5aWF2Z3pkZnNpb2h4' +
    'b3psNDRjdWN0aXFldmFsdWWnZGlwdjRpMTAuMTAuMC4xZG5hbWVjdm0xZXdnS2V5WCCh/r2tyBTBxx8+fiB3' +
    '/3BX57wB1ysq6u/6NZKmV2haEWZpbnZpdGX2ZmxhYmVsc6BmbnVtYmVyAGltZW1iZXJLZXlYIMNgmec8rldh' +
    'hbkWjME/HcNx7CAVNkZZIce7sr5wVBTRaHJlcGxhY2Vz9gBkbWVzaFggd/erVvrXJH22Q2JB2YLg/i/ygMWq' +
    'OrTAljDeQtOIaNlmYXV0aG9yWCDDYJnnPK5XYYW5FozBPx3DcewgFTZGWSHHu7K+cFQU0WhwcmV2aW91c/Zo' +
    'c2VxdWVuY2UAaXNpZ25hdHVyZVhAL80o1MCHW6+jQmqc6Ehw/rmXJF1B/mQGxriKguNsa1bs77jASozjlk/z' +
    'oTCdbFR2tuYD4BOWcepo5Yp2cLzZD2pnZW5lcmF0aW9uAAAAAb5jFq1IqGF2AWRib2R5WNYBAYDG3uoCBIOA' +
    'xt7qAgPEAaRjaGxjghsAAAGiJ/Nd+QBkcGF0aHhBdHJ1c3QvaW52aXRlL2lwb2szM2xoZmU0ZXhzcDNhNWJz' +
    'NHd5Zm5mNnNmbWc0b2l3empkcjNzd2kzbHY1anFoN2FldmFsdWWlZHVzZXMBZmV4cGlyeRsAAAGiKCpMeWZs' +
    'YWJlbHOhZHJvbGVjd2ViZm51bWJlcgFpcHVibGljS2V5WCBD3K3tZyk4S8n7B0MuWwVpfSKw3HItlI47lZG1' +
    '16mB/mhyZXBsYWNlc/YAZG1lc2hYIHf3q1b61yR9tkNiQdmC4P4v8oDFqjq0wJYw3kLTiGjZZmF1dGhvclgg' +
    'w2CZ5zyuV2GFuRaMwT8dw3HsIBU2Rlkhx7uyvnBUFNFocHJldmlvdXNYIIIyEZeNnTvnRBw7KboWLkO5u8LR' +
    'guGwp/POjMg1kt7jaHNlcXVlbmNlAmlzaWduYXR1cmVYQE7hd5zsANuiNj26v2BzA8H5EYi3p7u3kC7hy2TL' +
    'qE/kM2SiQrTby0CNsg5Ae14axg7bC6OengT7ogOdr7AYMgZqZ2VuZXJhdGlvbgAAAALXd+rnXKhhdgFkYm9k' +
    'eVkB7gEBgMbe6gIFg4DG3uoCBNwDpGNobGOCGwAAAaIn82VyAGRwYXRoeER0cnVzdC9hZG1pc3Npb24vemd4' +
    'Znl5amxleTJ4Z2s3d2huZnZneGpuZGJhZGYzcmo1cDJxaWk0Zmd6a3pnaWpvd3ZtcWV2YWx1ZaljaGxjghsA' +
    'AAGiJ/NlcQBkaXB2NGwxMC4xMC4xMTQuNDVkbmFtZWN2bTJld2dLZXlYIDgGLvtbtpN6uMXTuZya+2DdRnQX' +
    'bJecxZ1Z9Dicd+pKZmludml0ZXg0aXBvazMzbGhmZTRleHNwM2E1YnM0d3lmbmY2c2ZtZzRvaXd6amRyM3N3' +
    'aTNsdjVqcWg3YWZsYWJlbHOhZHJvbGVjd2ViaW1lbWJlcktleVggya5cYSsmNXMr9jtLU10tGEAy7inr9QQj' +
    'hTZVkyEutVlvaW52aXRlU2lnbmF0dXJlWECpyleFrZpdTY4gKaa7t7Ps/c5iYoLjtWs66F0MOSU/Z4fXVd+P' +
    '5Cp03So9DQZsCcNmW3CcZSkCsbPiKjJbUlgCb21lbWJlclNpZ25hdHVyZVhAAMJ9QuNTmmSZooSpKHzqJi2G' +
    'tpzPyU11R6qBaaspLBPlR2927r6bwShqLIXpBtfazmpnI2e/5cFec7XZ5DwMCWhyZXBsYWNlc/YAZG1lc2hY' +
    'IHf3q1b61yR9tkNiQdmC4P4v8oDFqjq0wJYw3kLTiGjZZmF1dGhvclggw2CZ5zyuV2GFuRaMwT8dw3HsIBU2' +
    'Rlkhx7uyvnBUFNFocHJldmlvdXNYIGMWrUjPoYc7WAZXvfqAWdD4PvrVsf2nTevT2q3DFjH8aHNlcXVlbmNl' +
    'A2lzaWduYXR1cmVYQJ3eaEwK3T15ijYcte0488n/QU7ULWx3LeKF5krKSMEVz8egitYPUNvPVC0ndnQumZJd' +
    'QfEAq33D4SkbBDAr9g9qZ2VuZXJhdGlvbgAAAAFoEL9pG6hhdgFkYm9keViAAQGAxt7qAgaDgMbe6gIFb6Rj' +
    'aGxjghsAAAGiJ/OE7QBkcGF0aHg/dHJ1c3Qvcm9sZS96Z3hmeXlqbGV5Mnhnazd3aG5mdmd4am5kYmFkZjNy' +
    'ajVwMnFpaTRmZ3premdpam93dm1xZXZhbHVloWZudW1iZXIBaHJlcGxhY2Vz9gBkbWVzaFggd/erVvrXJH22' +
    'Q2JB2YLg/i/ygMWqOrTAljDeQtOIaNlmYXV0aG9yWCDDYJnnPK5XYYW5FozBPx3DcewgFTZGWSHHu7K+cFQU' +
    '0WhwcmV2aW91c1ggd+rnXOGPvgVcCiLd4HS17AdEVMMFK1l/wEfLb+JyBEBoc2VxdWVuY2UEaXNpZ25hdHVy' +
    'ZVhAETzf3sNTV5ZujGwcJZ9h5xyl7OwxLvGGlORxUNi9qdI05qnPm0FBmfHqvbIoYWJYN7CAALJj7AUZk8Ky' +
    'oF+tA2pnZW5lcmF0aW9uAAAAAa3jQrD4qGF2AWRib2R5WMUBAYDG3uoCB4OAxt7qAgazAaRjaGxjghsAAAGi' +
    'J/OGTgBkcGF0aHgYaW50ZW50L2ZpcmV3YWxsL3J1bGUvd2ViZXZhbHVlqGJ0b4GiZGtpbmRmbGFiZWxzZmxh' +
    'YmVsc6Fkcm9sZWN3ZWJkem9uZWRtZXNoZXBvcnRzgYIYUBhQZmFjdGlvbmVhbGxvd2dlbmFibGVk9Whwcmlv' +
    'cml0eRhkaHByb3RvY29sY3RjcGlkaXJlY3Rpb25iaW5ocmVwbGFjZXP2AGRtZXNoWCB396tW+tckfbZDYkHZ' +
    'guD+L/KAxao6tMCWMN5C04ho2WZhdXRob3JYIMNgmec8rldhhbkWjME/HcNx7CAVNkZZIce7sr5wVBTRaHBy' +
    'ZXZpb3VzWCAQv2kb5HmmFDSCu8WYdaSN1BnMlWg774CeR54ntkv2RGhzZXF1ZW5jZQVpc2lnbmF0dXJlWEB9' +
    '2E2ExAOvMt6U3ViZPJifaiG37Ple2nLxm/3aoYaoagVXhum28Su2jwrKnM+4iIVq7LTmHiRA2bMscEzZjxEC' +
    'amdlbmVyYXRpb24AAAABTCoiTBeoYXYBZGJvZHlYZAEBgMbe6gIIg4DG3uoCB1OkY2hsY4IbAAABoifziVMA' +
    'ZHBhdGh4H2ludGVudC9maXJld2FsbC9kZWZhdWx0L21lc2gtaW5ldmFsdWWhZmFjdGlvbmRkZW55aHJlcGxh' +
    'Y2Vz9gBkbWVzaFggd/erVvrXJH22Q2JB2YLg/i/ygMWqOrTAljDeQtOIaNlmYXV0aG9yWCDDYJnnPK5XYYW5' +
    'FozBPx3DcewgFTZGWSHHu7K+cFQU0WhwcmV2aW91c1gg40Kw+NGA9f4kkEqA8a3tnkwN8AbCMD+jOgc6+5n7' +
    'Jmdoc2VxdWVuY2UGaXNpZ25hdHVyZVhAkHTtLDDV3Hu168t3A1/T7/DZoMY4Vu2B/O+qZaU2ulVB6JIVUnNf' +
    'qcXEK99CSBylO/D0X/1CNXvVOQWPXH4HC2pnZW5lcmF0aW9uAAAAAWq3rI6fqGF2AWRib2R5WIIBAYDG3uoC' +
    'CYOAxt7qAghxpGNobGOCGwAAAaIn84swAGRwYXRoeD90cnVzdC9uYW1lL3pneGZ5eWpsZXkyeGdrN3dobmZ2' +
    'Z3hqbmRiYWRmM3JqNXAycWlpNGZnemt6Z2lqb3d2bXFldmFsdWWhZG5hbWVkd2ViMWhyZXBsYWNlc/YAZG1l' +
    'c2hYIHf3q1b61yR9tkNiQdmC4P4v8oDFqjq0wJYw3kLTiGjZZmF1dGhvclggw2CZ5zyuV2GFuRaMwT8dw3Hs' +
    'IBU2Rlkhx7uyvnBUFNFocHJldmlvdXNYICoiTBdor4nqAq3WDeH/zrVjLrIECz02cESdJA3gnTuSaHNlcXVl' +
    'bmNlB2lzaWduYXR1cmVYQJCeW4Ym02Kj7NKGL05pELNQv8WCKDTvOo4Vm+tbt9F/alad06VRKsA5bueL04Ws' +
    '+Vtp67Ac58ZUaD8qGyqCfQNqZ2VuZXJhdGlvbgAAAAFiHRi9GahhdgFkYm9keVh6AQGAxt7qAgqDgMbe6gIJ' +
    'YaRjaGxjghsAAAGiJ/ONaQBkcGF0aHgYaW50ZW50L2ZpcmV3YWxsL3J1bGUvd2ViZXZhbHVl9mhyZXBsYWNl' +
    'c1ggY/YFfxfVCb6BEeMjhVadEl0BjWQGCtMvWZpTItNCF2oBgMbe6gIBBwFkbWVzaFggd/erVvrXJH22Q2JB' +
    '2YLg/i/ygMWqOrTAljDeQtOIaNlmYXV0aG9yWCDDYJnnPK5XYYW5FozBPx3DcewgFTZGWSHHu7K+cFQU0Whw' +
    'cmV2aW91c1ggt6yOn0f6piDBZ+/vLQ8gp6lIGpac/VAGOtvRukYZBE1oc2VxdWVuY2UIaXNpZ25hdHVyZVhA' +
    '/lNWaJPu7wALO6IE/xWXoG+CP+ntaJmfeCb3zXy5lSRvlJUt3Icm11BQeftmCS3BvHH2DRraxx0DTuqZ+c8F' +
    'DWpnZW5lcmF0aW9uAA==',
  config:
    'ewogICJuYW1lIjogInZtMSIsCiAgInBvcnQiOiA3MzAwLAogICJpbnRlcmZhY2UiOiAiY25zbW8wIiwKICAi' +
    'YWR2ZXJ0aXNlZCI6IHsKICAgICJob3N0IjogIjE5Mi4wLjIuMSIsCiAgICAicG9ydCI6IDczMDAKICB9LAog' +
    'ICJvYnNlcnZlZCI6IG51bGwsCiAgInNlcnZpY2VzIjogWwogICAgInZwbiIsCiAgICAiZmlyZXdhbGwiLAog' +
    'ICAgImxiIiwKICAgICJkbnMiCiAgXSwKICAiYWxsb3dSdW4iOiBmYWxzZSwKICAiZW50cmllcyI6IFtdCn0K',
  'core-term': 'o2FuAGF2AWVlcG9jaBoALax9',
  'events-0000000001':
    'eyJudW1iZXIiOjEsInRpbWUiOiIyMDI2LTExLTI5VDE1OjM2OjI5LjI0OFoiLCJtZW1iZXIiOm51bGwsImNh' +
    'dXNlIjpudWxsLCJraW5kIjoic3RhcnRlZCIsInRleHQiOiJjbnNtbyAwLjEuMCBzdGFydGVkIn0KeyJudW1i' +
    'ZXIiOjIsInRpbWUiOiIyMDI2LTExLTI5VDE1OjM2OjI5LjM5M1oiLCJraW5kIjoic2VydmljZSIsIm1lbWJl' +
    'ciI6bnVsbCwidGV4dCI6ImNvcmUgaXMgcmVhZHkiLCJjYXVzZSI6bnVsbH0KeyJudW1iZXIiOjMsInRpbWUi' +
    'OiIyMDI2LTExLTI5VDE1OjM2OjI5LjUyNFoiLCJraW5kIjoic2VydmljZSIsIm1lbWJlciI6bnVsbCwidGV4' +
    'dCI6ImZpcmV3YWxsIGlzIHJlYWR5IiwiY2F1c2UiOm51bGx9CnsibnVtYmVyIjo0LCJ0aW1lIjoiMjAyNi0x' +
    'MS0yOVQxNTozNjozMC43MDNaIiwia2luZCI6InNlcnZpY2UiLCJtZW1iZXIiOm51bGwsInRleHQiOiJ2cG4g' +
    'aXMgcmVhZHkiLCJjYXVzZSI6bnVsbH0KeyJudW1iZXIiOjUsInRpbWUiOiIyMDI2LTExLTI5VDE1OjM2OjMy' +
    'LjM4NloiLCJraW5kIjoiam9pbmVkIiwibWVtYmVyIjoidm0yIiwidGV4dCI6ImpvaW5lZCBhcyAxMC4xMC4x' +
    'MTQuNDUiLCJjYXVzZSI6ImJ5IGludml0ZSBpcG9rMzNsaGZlNGUgb2Ygdm0xIn0KeyJudW1iZXIiOjYsInRp' +
    'bWUiOiIyMDI2LTExLTI5VDE1OjM2OjMyLjg4OVoiLCJraW5kIjoiY29yZSIsIm1lbWJlciI6InZtMSIsInRl' +
    'eHQiOiJoYXMgdGhlIGNvcmUgcm9sZSwgdGVybSAyOTkzMjc3LjAiLCJjYXVzZSI6Iml0cyB0dXJuIn0KeyJu' +
    'dW1iZXIiOjcsInRpbWUiOiIyMDI2LTExLTI5VDE1OjM2OjMzLjc4NVoiLCJraW5kIjoiY29ubmVjdGVkIiwi' +
    'bWVtYmVyIjoidm0yIiwidGV4dCI6ImNvbm5lY3RlZCIsImNhdXNlIjoiaXQgZGlhbGxlZCB0aGlzIFZNIn0K' +
    'eyJudW1iZXIiOjgsInRpbWUiOiIyMDI2LTExLTI5VDE1OjM2OjM3LjQ2M1oiLCJraW5kIjoiY29yZSIsIm1l' +
    'bWJlciI6InZtMiIsInRleHQiOiJoYXMgdGhlIGNvcmUgcm9sZSwgdGVybSAyOTkzMjc3LjAiLCJjYXVzZSI6' +
    'Iml0cyB0dXJuIn0KeyJudW1iZXIiOjksInRpbWUiOiIyMDI2LTExLTI5VDE1OjM2OjQwLjQ0MloiLCJraW5k' +
    'Ijoicm9sZSIsIm1lbWJlciI6InZtMiIsInRleHQiOiJpcyBhbiBvcGVyYXRvciIsImNhdXNlIjoiYnkgdm0x' +
    'In0KeyJudW1iZXIiOjEwLCJ0aW1lIjoiMjAyNi0xMS0yOVQxNTozNjo0Mi4wNDNaIiwia2luZCI6InJlbmFt' +
    'ZWQiLCJtZW1iZXIiOiJ3ZWIxIiwidGV4dCI6IndhcyB2bTIiLCJjYXVzZSI6ImJ5IHZtMSJ9CnsibnVtYmVy' +
    'IjoxMSwidGltZSI6IjIwMjYtMTEtMjlUMTU6MzY6NDIuMDQzWiIsImtpbmQiOiJjb3JlIiwibWVtYmVyIjoi' +
    'd2ViMSIsInRleHQiOiJoYXMgdGhlIGNvcmUgcm9sZSwgdGVybSAyOTkzMjc3LjAiLCJjYXVzZSI6Iml0cyB0' +
    'dXJuIn0KeyJudW1iZXIiOjEyLCJ0aW1lIjoiMjAyNi0xMS0yOVQxNTozNzowNC44NDNaIiwia2luZCI6InNl' +
    'cnZpY2UiLCJtZW1iZXIiOm51bGwsInRleHQiOiJ2cG4gaXMgc3RvcHBpbmciLCJjYXVzZSI6bnVsbH0KeyJu' +
    'dW1iZXIiOjEzLCJ0aW1lIjoiMjAyNi0xMS0yOVQxNTozNzowNC44NTlaIiwia2luZCI6InNlcnZpY2UiLCJt' +
    'ZW1iZXIiOm51bGwsInRleHQiOiJmaXJld2FsbCBpcyBzdG9wcGluZyIsImNhdXNlIjpudWxsfQp7Im51bWJl' +
    'ciI6MTQsInRpbWUiOiIyMDI2LTExLTI5VDE1OjM3OjA0Ljg2MFoiLCJtZW1iZXIiOm51bGwsImNhdXNlIjpu' +
    'dWxsLCJraW5kIjoic3RvcHBlZCIsInRleHQiOiJjbnNtbyAwLjEuMCBzdG9wcGVkIn0KeyJudW1iZXIiOjE1' +
    'LCJ0aW1lIjoiMjAyNi0xMS0yOVQxNTozNzowNC44NjJaIiwia2luZCI6InNlcnZpY2UiLCJtZW1iZXIiOm51' +
    'bGwsInRleHQiOiJjb3JlIGlzIHN0b3BwZWQiLCJjYXVzZSI6bnVsbH0KeyJudW1iZXIiOjE2LCJ0aW1lIjoi' +
    'MjAyNi0xMS0yOVQxNTozNzowNC44NjVaIiwia2luZCI6InNlcnZpY2UiLCJtZW1iZXIiOm51bGwsInRleHQi' +
    'OiJ2cG4gaXMgc3RvcHBlZCIsImNhdXNlIjpudWxsfQp7Im51bWJlciI6MTcsInRpbWUiOiIyMDI2LTExLTI5' +
    'VDE1OjM3OjA0Ljg2NloiLCJraW5kIjoic2VydmljZSIsIm1lbWJlciI6bnVsbCwidGV4dCI6ImZpcmV3YWxs' +
    'IGlzIHN0b3BwZWQiLCJjYXVzZSI6bnVsbH0K',
  genesis:
    'p2F2AWRuYW1lZmdvbGRlbmZwcmVmaXhsMTAuMTAuMC4wLzE2Z3ByZWZpeDZ4GGZkNWE6MTY2Yzo1NGViOjY1' +
    'NTA6Oi82NGlzaWduYXR1cmVYQI9tfRjZsPHPMoeB9Li/vjoMKAUWiuC4PGc2oRNpXXkECs+cH903qo1Ki6AF' +
    'Qi4Y56564GCA2lH5pUgu5iaJ/AFqZm91bmRlcktleVggw2CZ5zyuV2GFuRaMwT8dw3HsIBU2Rlkhx7uyvnBU' +
    'FNFsbmV4dFJvb3RIYXNoWCD8jcIePmi1LS8UhPWr8fefoZR/2Aa5AW0E1x4oshPbsQ==',
  incarnation: 'ODAzNjU1NDg5OTQ1Ngo=',
  journal:
    'Y25zbW8tam91cm5hbC0xCgAAAcPep8jXqGF2AWRib2R5WPwBAYDG3uoCAAMBAmt27AGkY2hsY4IbAAABoifz' +
    'VJQAZHBhdGh4QHRydXN0L2Fkb3B0L3lucWp0eno0dnpsd2RibnpjMmdtY3B5NXlueTZ5aWF2Z3pkZnNpb2h4' +
    'b3psNDRjdWN0aXFldmFsdWWnZGlwdjRpMTAuMTAuMC4xZG5hbWVjdm0xZXdnS2V5WCCh/r2tyBTBxx8+fiB3' +
    '/3BX57wB1ysq6u/6NZKmV2haEWZpbnZpdGX2ZmxhYmVsc6BmbnVtYmVyAGltZW1iZXJLZXlYIMNgmec8rldh' +
    'hbkWjME/HcNx7CAVNkZZIce7sr5wVBTRaHJlcGxhY2Vz9gBkbWVzaFggd/erVvrXJH22Q2JB2YLg/i/ygMWq' +
    'OrTAljDeQtOIaNlmYXV0aG9yWCDDYJnnPK5XYYW5FozBPx3DcewgFTZGWSHHu7K+cFQU0WhwcmV2aW91c/Zo' +
    'c2VxdWVuY2UAaXNpZ25hdHVyZVhAL80o1MCHW6+jQmqc6Ehw/rmXJF1B/mQGxriKguNsa1bs77jASozjlk/z' +
    'oTCdbFR2tuYD4BOWcepo5Yp2cLzZD2pnZW5lcmF0aW9uAAAAAjuCMhGXqGF2AWRib2R5WQFSAQOAxt7qAgGD' +
    'gMbe6gIAfaRjaGxjghsAAAGiJ/Na7gBkcGF0aHBtZW1iZXIvZW5kcG9pbnRzZXZhbHVlpGRwb3J0GRyEZWxv' +
    'Y2FsgWkxOTIuMC4yLjFob2JzZXJ2ZWT2amFkdmVydGlzZWSiZGhvc3RpMTkyLjAuMi4xZHBvcnQZHIRocmVw' +
    'bGFjZXP2g4DG3uoCAV2kY2hsY4IbAAABoifzWu4BZHBhdGhubWVtYmVyL2NvbnNlbnRldmFsdWWiaGFsbG93' +
    'UnVu9GhzZXJ2aWNlc4RjZG5zaGZpcmV3YWxsYmxiY3ZwbmhyZXBsYWNlc/aDgMbe6gICV6RjaGxjghsAAAGi' +
    'J/Na7gJkcGF0aG5tZW1iZXIvdmVyc2lvbmV2YWx1ZaJmY29tbWl0bGE3Mzc1NTllYTBjMGd2ZXJzaW9uZTAu' +
    'MS4waHJlcGxhY2Vz9gBkbWVzaFggd/erVvrXJH22Q2JB2YLg/i/ygMWqOrTAljDeQtOIaNlmYXV0aG9yWCDD' +
    'YJnnPK5XYYW5FozBPx3DcewgFTZGWSHHu7K+cFQU0WhwcmV2aW91c1gg3qfI14SSCKlG+cSkabUWSRqeXW77' +
    'rJouZ6w3yE9C6yVoc2VxdWVuY2UBaXNpZ25hdHVyZVhAYBy+pA4qtOjKS9p67QulE5d0N6kUipdlusHNtYM9' +
    'U+qqGdyBbT7CD4lS4U+NWDyOSMd+Vkp87Kom0z1qk1xeAGpnZW5lcmF0aW9uAAAAAb5jFq1IqGF2AWRib2R5' +
    'WNYBAYDG3uoCBIOAxt7qAgPEAaRjaGxjghsAAAGiJ/Nd+QBkcGF0aHhBdHJ1c3QvaW52aXRlL2lwb2szM2xo' +
    'ZmU0ZXhzcDNhNWJzNHd5Zm5mNnNmbWc0b2l3empkcjNzd2kzbHY1anFoN2FldmFsdWWlZHVzZXMBZmV4cGly' +
    'eRsAAAGiKCpMeWZsYWJlbHOhZHJvbGVjd2ViZm51bWJlcgFpcHVibGljS2V5WCBD3K3tZyk4S8n7B0MuWwVp' +
    'fSKw3HItlI47lZG116mB/mhyZXBsYWNlc/YAZG1lc2hYIHf3q1b61yR9tkNiQdmC4P4v8oDFqjq0wJYw3kLT' +
    'iGjZZmF1dGhvclggw2CZ5zyuV2GFuRaMwT8dw3HsIBU2Rlkhx7uyvnBUFNFocHJldmlvdXNYIIIyEZeNnTvn' +
    'RBw7KboWLkO5u8LRguGwp/POjMg1kt7jaHNlcXVlbmNlAmlzaWduYXR1cmVYQE7hd5zsANuiNj26v2BzA8H5' +
    'EYi3p7u3kC7hy2TLqE/kM2SiQrTby0CNsg5Ae14axg7bC6OengT7ogOdr7AYMgZqZ2VuZXJhdGlvbgAAAALX' +
    'd+rnXKhhdgFkYm9keVkB7gEBgMbe6gIFg4DG3uoCBNwDpGNobGOCGwAAAaIn82VyAGRwYXRoeER0cnVzdC9h' +
    'ZG1pc3Npb24vemd4Znl5amxleTJ4Z2s3d2huZnZneGpuZGJhZGYzcmo1cDJxaWk0Zmd6a3pnaWpvd3ZtcWV2' +
    'YWx1ZaljaGxjghsAAAGiJ/NlcQBkaXB2NGwxMC4xMC4xMTQuNDVkbmFtZWN2bTJld2dLZXlYIDgGLvtbtpN6' +
    'uMXTuZya+2DdRnQXbJecxZ1Z9Dicd+pKZmludml0ZXg0aXBvazMzbGhmZTRleHNwM2E1YnM0d3lmbmY2c2Zt' +
    'ZzRvaXd6amRyM3N3aTNsdjVqcWg3YWZsYWJlbHOhZHJvbGVjd2ViaW1lbWJlcktleVggya5cYSsmNXMr9jtL' +
    'U10tGEAy7inr9QQjhTZVkyEutVlvaW52aXRlU2lnbmF0dXJlWECpyleFrZpdTY4gKaa7t7Ps/c5iYoLjtWs6' +
    '6F0MOSU/Z4fXVd+P5Cp03So9DQZsCcNmW3CcZSkCsbPiKjJbUlgCb21lbWJlclNpZ25hdHVyZVhAAMJ9QuNT' +
    'mmSZooSpKHzqJi2GtpzPyU11R6qBaaspLBPlR2927r6bwShqLIXpBtfazmpnI2e/5cFec7XZ5DwMCWhyZXBs' +
    'YWNlc/YAZG1lc2hYIHf3q1b61yR9tkNiQdmC4P4v8oDFqjq0wJYw3kLTiGjZZmF1dGhvclggw2CZ5zyuV2GF' +
    'uRaMwT8dw3HsIBU2Rlkhx7uyvnBUFNFocHJldmlvdXNYIGMWrUjPoYc7WAZXvfqAWdD4PvrVsf2nTevT2q3D' +
    'FjH8aHNlcXVlbmNlA2lzaWduYXR1cmVYQJ3eaEwK3T15ijYcte0488n/QU7ULWx3LeKF5krKSMEVz8egitYP' +
    'UNvPVC0ndnQumZJdQfEAq33D4SkbBDAr9g9qZ2VuZXJhdGlvbgAAAAIVliIVe6hhdgFkYm9keVkBTQEDhdWp' +
    'RQADAQJrdn2kY2hsY4IbAAABoifza6gAZHBhdGhwbWVtYmVyL2VuZHBvaW50c2V2YWx1ZaRkcG9ydBkchGVs' +
    'b2NhbIFpMTkyLjAuMi4yaG9ic2VydmVk9mphZHZlcnRpc2VkomRob3N0aTE5Mi4wLjIuMmRwb3J0GRyEaHJl' +
    'cGxhY2Vz9oOF1alFAF2kY2hsY4IbAAABoifza6gBZHBhdGhubWVtYmVyL2NvbnNlbnRldmFsdWWiaGFsbG93' +
    'UnVu9GhzZXJ2aWNlc4RjZG5zaGZpcmV3YWxsYmxiY3ZwbmhyZXBsYWNlc/aDhdWpRQFXpGNobGOCGwAAAaIn' +
    '82uoAmRwYXRobm1lbWJlci92ZXJzaW9uZXZhbHVlomZjb21taXRsYTczNzU1OWVhMGMwZ3ZlcnNpb25lMC4x' +
    'LjBocmVwbGFjZXP2AGRtZXNoWCB396tW+tckfbZDYkHZguD+L/KAxao6tMCWMN5C04ho2WZhdXRob3JYIMmu' +
    'XGErJjVzK/Y7S1NdLRhAMu4p6/UEI4U2VZMhLrVZaHByZXZpb3Vz9mhzZXF1ZW5jZQBpc2lnbmF0dXJlWEBm' +
    'bgXgxpRW/OkyHMXhfpTa514n0PcnDShev6v/4koAIp/eXKz62eEY0DPxhhr7CU4Pjk/GUJkeOadwrWSj4t0B' +
    'amdlbmVyYXRpb24AAAABaBC/aRuoYXYBZGJvZHlYgAEBgMbe6gIGg4DG3uoCBW+kY2hsY4IbAAABoifzhO0A' +
    'ZHBhdGh4P3RydXN0L3JvbGUvemd4Znl5amxleTJ4Z2s3d2huZnZneGpuZGJhZGYzcmo1cDJxaWk0Zmd6a3pn' +
    'aWpvd3ZtcWV2YWx1ZaFmbnVtYmVyAWhyZXBsYWNlc/YAZG1lc2hYIHf3q1b61yR9tkNiQdmC4P4v8oDFqjq0' +
    'wJYw3kLTiGjZZmF1dGhvclggw2CZ5zyuV2GFuRaMwT8dw3HsIBU2Rlkhx7uyvnBUFNFocHJldmlvdXNYIHfq' +
    '51zhj74FXAoi3eB0tewHRFTDBStZf8BHy2/icgRAaHNlcXVlbmNlBGlzaWduYXR1cmVYQBE8397DU1eWboxs' +
    'HCWfYeccpezsMS7xhpTkcVDYvanSNOapz5tBQZnx6r2yKGFiWDewgACyY+wFGZPCsqBfrQNqZ2VuZXJhdGlv' +
    'bgAAAAGt40Kw+KhhdgFkYm9keVjFAQGAxt7qAgeDgMbe6gIGswGkY2hsY4IbAAABoifzhk4AZHBhdGh4GGlu' +
    'dGVudC9maXJld2FsbC9ydWxlL3dlYmV2YWx1ZahidG+BomRraW5kZmxhYmVsc2ZsYWJlbHOhZHJvbGVjd2Vi' +
    'ZHpvbmVkbWVzaGVwb3J0c4GCGFAYUGZhY3Rpb25lYWxsb3dnZW5hYmxlZPVocHJpb3JpdHkYZGhwcm90b2Nv' +
    'bGN0Y3BpZGlyZWN0aW9uYmluaHJlcGxhY2Vz9gBkbWVzaFggd/erVvrXJH22Q2JB2YLg/i/ygMWqOrTAljDe' +
    'QtOIaNlmYXV0aG9yWCDDYJnnPK5XYYW5FozBPx3DcewgFTZGWSHHu7K+cFQU0WhwcmV2aW91c1ggEL9pG+R5' +
    'phQ0grvFmHWkjdQZzJVoO++AnkeeJ7ZL9kRoc2VxdWVuY2UFaXNpZ25hdHVyZVhAfdhNhMQDrzLelN1YmTyY' +
    'n2oht+z5Xtpy8Zv92qGGqGoFV4bptvErto8KypzPuIiFauy05h4kQNmzLHBM2Y8RAmpnZW5lcmF0aW9uAAAA' +
    'AUwqIkwXqGF2AWRib2R5WGQBAYDG3uoCCIOAxt7qAgdTpGNobGOCGwAAAaIn84lTAGRwYXRoeB9pbnRlbnQv' +
    'ZmlyZXdhbGwvZGVmYXVsdC9tZXNoLWluZXZhbHVloWZhY3Rpb25kZGVueWhyZXBsYWNlc/YAZG1lc2hYIHf3' +
    'q1b61yR9tkNiQdmC4P4v8oDFqjq0wJYw3kLTiGjZZmF1dGhvclggw2CZ5zyuV2GFuRaMwT8dw3HsIBU2Rlkh' +
    'x7uyvnBUFNFocHJldmlvdXNYIONCsPjRgPX+JJBKgPGt7Z5MDfAGwjA/ozoHOvuZ+yZnaHNlcXVlbmNlBmlz' +
    'aWduYXR1cmVYQJB07Sww1dx7tevLdwNf0+/w2aDGOFbtgfzvqmWlNrpVQeiSFVJzX6nFxCvfQkgcpTvw9F/9' +
    'QjV71TkFj1x+BwtqZ2VuZXJhdGlvbgAAAAFqt6yOn6hhdgFkYm9keViCAQGAxt7qAgmDgMbe6gIIcaRjaGxj' +
    'ghsAAAGiJ/OLMABkcGF0aHg/dHJ1c3QvbmFtZS96Z3hmeXlqbGV5Mnhnazd3aG5mdmd4am5kYmFkZjNyajVw' +
    'MnFpaTRmZ3premdpam93dm1xZXZhbHVloWRuYW1lZHdlYjFocmVwbGFjZXP2AGRtZXNoWCB396tW+tckfbZD' +
    'YkHZguD+L/KAxao6tMCWMN5C04ho2WZhdXRob3JYIMNgmec8rldhhbkWjME/HcNx7CAVNkZZIce7sr5wVBTR' +
    'aHByZXZpb3VzWCAqIkwXaK+J6gKt1g3h/861Yy6yBAs9NnBEnSQN4J07kmhzZXF1ZW5jZQdpc2lnbmF0dXJl' +
    'WECQnluGJtNio+zShi9OaRCzUL/Fgig07zqOFZvrW7fRf2pWndOlUSrAOW7ni9OFrPlbaeuwHOfGVGg/Khsq' +
    'gn0DamdlbmVyYXRpb24AAAABYh0YvRmoYXYBZGJvZHlYegEBgMbe6gIKg4DG3uoCCWGkY2hsY4IbAAABoifz' +
    'jWkAZHBhdGh4GGludGVudC9maXJld2FsbC9ydWxlL3dlYmV2YWx1ZfZocmVwbGFjZXNYIGP2BX8X1Qm+gRHj' +
    'I4VWnRJdAY1kBgrTL1maUyLTQhdqAYDG3uoCAQcBZG1lc2hYIHf3q1b61yR9tkNiQdmC4P4v8oDFqjq0wJYw' +
    '3kLTiGjZZmF1dGhvclggw2CZ5zyuV2GFuRaMwT8dw3HsIBU2Rlkhx7uyvnBUFNFocHJldmlvdXNYILesjp9H' +
    '+qYgwWfv7y0PIKepSBqWnP1QBjrb0bpGGQRNaHNlcXVlbmNlCGlzaWduYXR1cmVYQP5TVmiT7u8ACzuiBP8V' +
    'l6Bvgj/p7WiZn3gm9818uZUkb5SVLdyHJtdQUHn7Zgktwbxx9g0a2scdA07qmfnPBQ1qZ2VuZXJhdGlvbgA=',
  'key-sums':
    'NLdSo3lru3yq5CDxb3pFenQUsM3YfQx+TXcpx2YyPdSiMGI6C0bLJkEli9F8SyIql5dttf2kR2XvXdfB9T5i' +
    'Fn5/rfL0ANGLX4rIhh0k9WYBaFSsWNMR/OkZHpfRfaPkF910d6foZGcoyonw23BQjDlNK8OZrqQdnAYmwkDv' +
    '1Us=',
  ledger:
    'eyJpZCI6InZwbi1saW5rIiwidW5kbyI6eyJraW5kIjoic3RvcCIsInByb2Nlc3MiOiJ3aXJlZ3VhcmQtY25z' +
    'bW8wIn19CnsiaWQiOiJ2cG4tdGFibGUiLCJ1bmRvIjp7ImtpbmQiOiJydW4iLCJhcmd2IjpbIm5mdCIsImRl' +
    'bGV0ZSIsInRhYmxlIiwiaW5ldCIsImNuc21vX3ZwbiJdfX0KeyJpZCI6ImZpcmV3YWxsLXRhYmxlIiwidW5k' +
    'byI6eyJraW5kIjoicnVuIiwiYXJndiI6WyJuZnQiLCJkZWxldGUiLCJ0YWJsZSIsImluZXQiLCJjbnNtbyJd' +
    'fX0K',
  'member-key': 'Qv9CLWYPz5AhX0q/BY/HQJ6LyS+NYd4kI4wqIPb3zkM=',
  psk: 'LM9sd2O/clZjPq9fHqP+eTg2p/xNgjz5Ixz01cmBK0s=',
  'wg-key': 'LdidFvYVKcU1KRLvJ5ruGXyHPY61aJv/nROQPoiXD/A=',
};

/** Its backup, base64. */
export const GOLDEN_BACKUP =
  'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBJNXpUUWIrb0k3NTY4N3plZkpNSGRRIDE4CmlQd2dR' +
  'UFk5NVE0NC9aU0ZxanczWUxUYzJWOS9XQ3VRK2RZWHBaaVY3eTAKLS0tIHFYM2NxNXpEMlhvYlB1T3MyenZ0' +
  'Q1JjbFFwemJPY2FRV1NRcW5yTWVpT2cKICm6TLCaTwN5U8Aa8UTZErdIoYRu3C3i5LaKkxIWgXWNI5NV0Xqo' +
  'MN6O9ADEvDzbsYFQfyXghuzaHFrkygir5ggTj7gi51ALt8bVcINPwPI5MfW2arYuUwhh7W8NoBkLCDO05GRZ' +
  'URx19GqzO7PF+RtV2pLBKM36+b1LbkY+5hAhxDr629XFqpFF6HNldxgrkhEw6WjC482L/zbmYDtlpQtsZI11' +
  'JVuT8h2fhBh1YZJU+3FpnjPAQfoA+FiGU51QpOT/2JxCeoXs89X+SaZGNi6QN4J2rwX9wTA6xFXEoCOk2Jy6' +
  'M64EjKLZAinH3Z571rrp2CIBUd4DVHvpfnPU8DA3nmU4e8RBvyeLzXrQum3f1LxOlSHHJVZy56hu7I2C+zFn' +
  'fHG6PU/laJkTVFVuCXFUrcx/it8zxJOA2f6QRtxzob38sVmqPGV7hgds4MLrzTdCSklGSPlUBK468HJ+H4Rg' +
  'agSeOx6AOBRQdciJTrhk2j1HlJO/SDHIm7gTZgMG4NI1+XFl484VY+yhsi8llCQFKP5Ry0pBE6TOB3PBXiGw' +
  '18ZAik5QYIDDyw4tg/slnHENEluIk3on5qI3FKyOS0n3JVvVWK0EHsnfeZR6IQXD1tYOMfUqx3WgX3SgAjxS' +
  '4ORIj+LEcyNABfJvAspjEGfwmkglVVNsJPZcVOISxear2YKMILTTeESYHrIEGvy1w1nDs6jtccIqtfUQ17zC' +
  'RGqUs3S+307QJoiZBtoSeD7in8bV6IXA8tc7xoMBp8ElaaeZpqWN0jeLdHTA4ICM/lA6brBGh+FFnGIGFYyQ' +
  'DpssIRhgYMIeTqsdWJ9+QMGDqzsff4g+eKskQgFZ6EZfwQdbL9OUfO1/IJb589I9QqXBMkRJoPqVi+lGIqf4' +
  'eBeQdEG3yLHFu06Am35Tb/eczWHbF+4vPACxpGGJ4QR01mJWySnDqXiYR2s9rjIIJwlFnkLAiUZ1jUr9BYdH' +
  'DI9exdsFGWKaLBnX8HhV47zZejqjaLQy26vbLtxchwEaOt4jMTlIJNG94Sq2wxvqREl4DRpoTxVPTlhaVCpm' +
  'gF2Pl4QpqlTs8xerdIG75FjDkvMDyZczETafz/JU+JIrrcdqUEMNXwrvfo5E40cb2sFEJOEocUuEZbk/kEmd' +
  'PP66A2fdCdCYHdZ9Y5dnMn6Qa4tGX+vMo4AphE3W8CHK7f2nwWVLFk/IOGhbk5f6rWhP6ODO9xzOgFixCImM' +
  'JDfB4U4mFZQnCTZXZ+BnkYJ4WU7yq6O8OmwTQCu/tn8OKe9KE8jL+l2Rszf5ljkoIUXmbfg3wOp+/rDK6gHP' +
  'oA9hMYvYyDmuYrsWX8xGiwPDHSINt0XrAFne7uoEYq3bdM6a1xJsCFN0QbxQpLhLUH8oCYunfLfQx3ygElvP' +
  '5vEPatqIYv7hmyfoG9E9gqViKzIxAtjeu1jb8wCvgHvXdrndbNGnfH0tqCQ7gvbQLkJIc0c4WvzKuLkl/Aym' +
  'My8oqcupVzNRcEfUNYUZy1Mem6GXiauetyTmk6P991M9EHayi9gBG5/mscLYSSwTdoQWXuuwMiCZtTk7ulS4' +
  'Rzn8eRjF4nHWq/DQY3PHaZdYdh36SqZ/Q+RIpe4pkUdL/QGZUPNTeCg/ZZPkRhClvi9dyV92Vkh9tLko+TW/' +
  'Tg3oIEvOef+La84Pa5x7s/FEhIDB8AC7rXbIh0S+wcAFKY9L++rPN9pyOUpmvjPYay/h9RhWsoU+BMdHX38l' +
  'Ga4JwONyqt9HZD3c2P2BAugNcQIJ25AoqUoFbjo0unQK5l3vyzjjhYRHrtFtfuQYL9yObCRUHMyyLfBuod6c' +
  'qv/a/Xtk6yANkcBLgUmPPRoe3ix5j0RtjEWlNxLsXZPEu3OxcSGRNApLY+BtdA5FYKNDrZJVO2A6WJyRkk8+' +
  'Su9DdFJFABLon3ApzJ7cQG9BSeIRaWoOJ4D5FmMSGxaSeggOPvmnnPCe4wIUA8I0FyKrqrZHQlh4VzXVyImh' +
  'B43c0G9NzWW2GUF4Sy3+rPGVYbZh96AYHeIHB+Hw9QhcVD62Qqosrkr8kWLJEO46AViSoKhXOazVESN39V1W' +
  'Yh87QCGdf4uZRzHmUHQBcBruwgY2yleOYOZEz9Lx9edxmDnlSKDMVUZw8HmXN0RKtCnbawvZgsg3MwYm2JYt' +
  'lSeZ1dXChFzySQsq+Obpsu58QiIa4sgz3rcZRNZhXveC03BUizb0EguNPhj/CW+tUemZ2Rj/V5HkbJHCKrxA' +
  'HR7Yj6MTONGKMfjA4qdTpu/f4hHPDm20cE25fEaAqF6yBs4oMrA+ymbHMiN9U9FnjP2bMkwLV5yUM9aSrmPJ' +
  '26IUhWXLBLQ8J9nxjcUum407eh2K+5F4kdQ4vKFOgDVJX2nnidbvOcoduf16bwTQ7zK+toXH2TJ2zg5D3bEe' +
  'pe8TODd62SueeHhVO2YQ2N3gAcGJGigw4LdzcJSPkaIDecDhgmFXaKIXchqpXQrDOuuo1ChLy5qWLK5onxj9' +
  'THfmlmJ22+WG+tBovnwa8KMvfFlrdS2TaWUe//4lNiz8kULknuMEICtfqwoCEaQAJksNmT/Od8dGf1rZuBIi' +
  'tjJuzOPwUOT7FKVoio7BmcH/eosba5lCChypr4fRIDSVnrDQ9TIP6QXRJMa/SAI2WS0rq0c9XsOsrEo6KFQX' +
  'Da29yujaFAtnUV46fXrgz/0N7IqwTzMu8bXMuTHD0R8Gj5gYFa37hE3mr7AsvxsXHXsq9F7erHAKJJKKgK2j' +
  'yxNuGS5PqT+6iin2VCaN2CIgd3Qm2STBWeMIvRYvYCiEzgubOzIlCCYgnaTlLHrimNTg0t6TKm8ez0+C/ZNG' +
  '/Tb6xEbl6nxlGha5xw34eyTmreCVl+fJ+RSsR60PcnNp3fVPSPJivSXOxxfeDFest+s0MisvxW8vDa9nB8f+' +
  'fnNubmxjzN6iVIAy5tLWZ8c1dTv1P29UFWjXXJXnKW8LTm0Zsv9ld6UOr/Shftuqxd50GkwM+4jXtsNqsvBL' +
  'aIRfM6JkLG6eFRgySxwWFzltDYYtIRw0VhDcPYhpnNejmswddtpPAwrjexb8bhlZP/zxgZnfOu9BiiJ4Usiw' +
  'V4L++vCrmgVo2GF6hxRxiBpvW66boeegEPxV4XR3+Aa4XaBsmaRKnvc+KONYzoDeaGyFt147F+P/UbKh4Gxc' +
  'fCgx0lk7h9xwUW/3Gdvy9mjzfw93Wr3lEncD7trSR3nFAuGV5kGvwctJfPSmHFO8Fq99ERwM2IT+seMIqO70' +
  'sZFIqd6EpLDpvjjxreMmo9RGfcEX9LD9V7pkoiEqo01nm9JcdNYSI8Xd7NbrGvnLQTFm5/77dSgUOY4UZEpe' +
  '0d2uHXao2RGh/fJFqDJtBrpnU638ycUiTRVQSnOzkcXPwYWlC8jUW3oqOKDUZVL82EECZ4s2Bfs+Jd2zVvA6' +
  '0Qmx8OT+ctCPSlNp4aboVL3/osOjh0M0zhCehO/NWOH29yl5xlXUuW9OZwI8aN3dH8p/dRfvGI8I01ZwJObC' +
  'oVlKrFAvyEiQJ+Bejarg0ZGQAAwEPBd5YrBUJy/KVCU3yUkvSm0zfs+z0V5A+xySHnPh+2nbqUowH6iFUCLi' +
  'OGyO040CHwygi2dHLkP+qT+T+Qtw/XuIC3LTQtEHqOaQhYc8xgHUDGy7JGGNS/O7BI2ih7D7L/Z0wG2aFiFP' +
  'pqnyh4svV383D7FebRdxQKptx+RGd65FK5dACpvn9/HtSxNE0eWqyZiipEW+hGuqhDqN/HFq4rugZTr6CAW1' +
  'Hvk2hw1blxew8pmSzMLGJP3Z8WsTJJ6tBobDSnHx0b/tKnCwlTaJq+vwSYFSIIzC0OBmmFSoV5wg9KWWJkwy' +
  'LjsGw8pRrSbH6KBNUM4C7iKmo/k+zBrHfpfKSoKsneXb7o0sGQtMq5LavIx3WhAAtIbGuKVMDqV/OzRoSwID' +
  'EbWpqhXFeqJ14Lo06K9RO4y3BY/FATPRTNEIqbWU6el1W/GOmJcSkuJbsC7Vy7933952VA8a/Nl1+3rrKFeD' +
  'HKkZXCEr0pKwnIEfXvWz7bui8jku7a7NRp8SLRMWp02bsyxI0+dufRe1O3I4c0Me3uAg1nIDGv3VwUSiDcOv' +
  'i1iXgRwlvLa8XMD1v68JvsvWfDA0HAYh6h4AWZFpgL58Easki/sS4FNuHhb5APD946atdnkD7umMcleaVnmu' +
  'EmTDaT1ctRQdmpDb3RGhGPkomLt4va8l826HmMBn4VHogDc1nhK/a6a9lAMd4janWKQ248oNhff/4Zpo8x+O' +
  '+onjhUYEFtDIhgP6xuwUkez+gv1hbVxi0BWnqcYg8h92TrSoUvjcedpth8qeHnCOzo/bedmcPtuF2iGIM2I/' +
  'tKY4GvQ7Acpg+kPyVXAAdbovDRItU+OsVuBSBwox5fZEoa6Yg0a4sqHMqLvtNdNH2uWzTOPxqjqdQJtRfS13' +
  'xnM+sCm+1q5nr50bAh+bXQUoV1Ep0odGYIi1YrH7FhnTwGagx5/K1oavZoSJ9ykxjm0mVM0j1LNAVeCwW4X8' +
  '5pQN+GzQPPftHQHnC1HWdaQJT+yDbb6BO+pZgIbsHEH4Udv0MlRnhXR2uwKnbHUxtfvXlmB2itAOS3UwoRjE' +
  'ww7ih9Tcn3h3GVhgA6sBUvd5pCmsFIcqurnYpzW5w84Vlh109Z3iHSdMJOQFQspzXflO1kAT1xAvxrwzchBk' +
  'EyV64MkdD9JyAxCG9AEKtogwGnw/xImA8Pk/cZAcFNnP8KgvTwAtNcYO/kP74BObMLO7rrUaHMHG3JcJjxlx' +
  '9c9cNozump8cHJqRDkoEEZWRWSCPhXSaluZGmJyUHB86Wi2jeettuy42px2zZ/yJ/VQBQe37PhiS/yp2wZGz' +
  'ZC1pERCpI0PaG3tqYvw41SVDYsz+GGCszgl4vOttgDlvGhAFkO3S7sojdJPEbMUsy3O4xCQAdsCHvMwzEPBu' +
  'OlhzgR/iX2UXsNcoMP10tf0tVoPRa634xKM+xDNoO2jACiN0aEkIRm0Iw9vmPW0saJ3iR3mURxbrVPFS5/6F' +
  'HIiwdiNicTqUVzm92xwo1X39nKf5/DZieOhihyHDSGUBm3ePd4LwtIk/VBZMxVdEKxr1QRdpFE79wdobozqS' +
  'KzLGSkHpU4/lZPfOgSgjosJveTBAn+mOLKDClZ7Nf1KH7rX7WzvnoXScarHY3K2b+usB7X5DoOSFVCEa7N/l' +
  'kahMr+17YjeIcE921+ag1wv1o6VpwBYmC1dyydFu1HbtGT05fqqx1kyvFt+S03yLtXdIX/ZJa4FMInisrrZJ' +
  '1yOQ40ahw9N//IudrXjkWgb5kdHgKDFNRttgBh7TsU37TCI1qrdAGLo1m2ILzi67PEHwSAZlC64kcFJuUP6B' +
  '9rRTAHAj6RYjr5Z0LEiQXiuyMHE5ce0gdxjYvHyARur26PkBTlUXaMVdCGp+5ECyiIQXkXEvkoE8d7OKQ+fN' +
  'tfq+UW4UJ3hqWt0b8AfSWw0Ptz5nq8q3UlwLogG+XmBQIu2frgGugYoJWo77nLpiz0Vj7CC9lI3t8cRUJecW' +
  'smMatttXfGLMI7zZCWaeekslXcRScQpK3wFfAd0lPzO63LzfhwiFYj6sfs+oneOp71MxOUviq82EEy7LaxTj' +
  'PNZ0b3ZP0RHeCTQYVhJuE6hYxLfdyRyp9YfE+6m9W3PCeWnP026xtf7oYUSb0a9A6TN8lMs/pGK9WDjb82dS' +
  'ADjpxiqq/sDSD4j/68mOA9UOY5t7nDvL5mH3TwzosqYgFXTY74IOapZo91rIXa/4u7U0nJ0K7lsIb614dQnh' +
  'D/v3UgkOyk2jkX0T3s/W/9lye0a9zh2d7pIyoydOspJgcKeJMd2qoDPJiALs9HZFq9Ngyq15LAPsmLE1LaFN' +
  'ORUCBsCAkVS+Lgn9jk+GROmVI0kIHWWY2ujk/0Z0/valeM0LsOXoO5M1LNlbgduzaT8xiiBWgObn0H9uULs3' +
  'cofLadn+wdG44nGpdQ5QyV33ANi5X3WaTerCPHU41AXFgbPnf08/+I+/SefRRJWrWgSiUo9oheQtFJthfFTU' +
  '718RBtcGsvplR6Z4lzgXrPWf2tMCHtWBu3Zxfvp02q9sVFcWFQ1Ah+3a1obS5SNep3v4QCdGhNwa8y2oQ1Sk' +
  '1NqjZO1Kpz9/Db3zKkBaVV6nYYELL1MIE+NsYDf5+QH7ZTsjLop32N6pqjxTLmmzTyEsCQ4rCXzEFb0rhMXj' +
  '7ynlEHtoNAVd7JFMXZvjGjeKg5aFv9PrAM6+hQTsh2frzzIGKKbzyEhoHFOu+fzTNKkzlcCEYu5bt3uAnBde' +
  'akKK4Cg1KmzN9wYGe/dUcaNnHEYMRrCP0deEHO4mEJE5bpwFdEusmv24iemIFjJSI9wLqtQjYFlxu3v7EVv1' +
  'k6Mq4CWHRXzkUC+TcSMDZHAIwE8CMJOOOxKTjQwlN1LJTONRSAVPxsopkvqUCaVe0Tw8uPff/ZzJLfUR3FRq' +
  'xfbyo4HrBi0jMd/vDs0LCIO2mF7r/LgzUcjbJyEiBTasmNtR50foJn6ER6uQF1jSklcQ0KkkndYjdDkzUILs' +
  'WrHdMSHOieqZShXNATFoGoeuJNBRau8IP1lKdB90bW4CLezzPI+VffZM+09LKvbtMmIhyD/gyl8mr+kfnndV' +
  '2nCzfvtcmad0ByP17H8t4FZefO2r8dInzOWF9eTIwzhAsfVivd/lBjkB2HAj7H4SkiheF9Ru1NuViISSpEMb' +
  'dNmiTA+B8CIWiY8KW4flZltfh6cuqENYlzrCZYMjXVozRPmvvdQr2AS8+kYHCyH6I9E9UXnbVEOEdRvfMyTw' +
  'sebXJJqoM1L3vXG4yOMZ+XthRIq8wKU5g4L/4C10tC5a+YtTiEvzWj3wXQRtOuTZ3oiKJlZywoo4XYIqo99S' +
  'I/zfyoyUZfWj1+3HRnlUTcmFu+jRIgqnSf3Q1GAyXKS7DyEXeimIARb2jcKcGT9MA1XIOOX93Nvr+kcpnvmS' +
  'XmMpGsouloqC7NmgvWqpk77ASkK8/JgbC5gWrXAjVxsf2MPGwe8IwW5Vun/sxbfZzZqTDfh0LO6xgIUQh6gL' +
  'DGNxMJmzoKD+81ZwnWhgb5sGac/H/nOtiS4n/OcHYs9LPYJwluevL3FiKHx183j9/n1+GFZuwSARMZjgkxsS' +
  'xR56yopF5RShbeqNhinA2kdheAEIDrtcW10DqQ==';
/** What opens that. */
export const GOLDEN_PASSPHRASE = 'golden';
