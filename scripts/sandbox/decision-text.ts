/** The words of the sandbox's decision: after the subject of the real 274/QĐ-TTg of 12/03/2019, text of our own. */

export const SAMPLE_SUBJECT = 'Phê duyệt Đề án Cổng Dịch vụ công quốc gia';

export const SAMPLE_LEGAL_BASES: readonly string[] = [
  'Căn cứ Luật Tổ chức Chính phủ ngày 19 tháng 6 năm 2015;',
  'Căn cứ Luật Giao dịch điện tử ngày 29 tháng 11 năm 2005;',
  'Căn cứ Quyết định số 28/2018/QĐ-TTg ngày 12 tháng 7 năm 2018 của Thủ tướng Chính phủ về việc gửi, nhận văn bản' +
    ' điện tử giữa các cơ quan trong hệ thống hành chính nhà nước;',
  'Theo đề nghị của Bộ trưởng, Chủ nhiệm Văn phòng Chính phủ.',
];

/** Texts of Điều 1 to 3, without their heading. */
export const SAMPLE_ARTICLES: readonly string[] = [
  'Phê duyệt Đề án Cổng Dịch vụ công quốc gia, lấy người dân, doanh nghiệp làm trung tâm phục vụ; kết nối, chia sẻ' +
    ' dữ liệu với hệ thống thông tin một cửa điện tử của các bộ, ngành, địa phương.',
  'Các bộ, cơ quan ngang bộ, cơ quan thuộc Chính phủ, Ủy ban nhân dân các tỉnh, thành phố trực thuộc trung ương gửi,' +
    ' nhận văn bản điện tử có ký số về việc thực hiện Đề án trực tiếp với nhau qua Trục liên thông văn bản quốc gia;' +
    ' cơ quan nhận xác nhận và cập nhật trạng thái xử lý văn bản trên hệ thống.',
  'Quyết định này có hiệu lực thi hành kể từ ngày ký. Các Bộ trưởng, Thủ trưởng cơ quan ngang bộ, Thủ trưởng cơ quan' +
    ' thuộc Chính phủ, Chủ tịch Ủy ban nhân dân các tỉnh, thành phố trực thuộc trung ương chịu trách nhiệm thi hành' +
    ' Quyết định này.',
];
