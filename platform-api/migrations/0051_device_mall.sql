-- Where a device stands, so that it is lent only what its shoppers can use (src/modules/devices).
ALTER TABLE device ADD COLUMN mall TEXT;
UPDATE device SET mall = (SELECT kiosk.mall FROM kiosk WHERE kiosk.device = device.id);
CREATE INDEX device_by_mall ON device (mall, heard_at);
